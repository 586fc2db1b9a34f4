"""Fine-tuning tasks: their data, metrics and recipes."""
