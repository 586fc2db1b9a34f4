"""Examples as the rows of ids that a model reads."""
