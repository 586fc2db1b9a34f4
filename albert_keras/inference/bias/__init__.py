"""Bias as a measurement: what a masked LM fills in for paired groups."""
