"""Training: optimizers, schedules, and the run that can be resumed."""
