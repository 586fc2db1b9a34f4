"""Looking inside a model: parameters, pieces, attention, hidden states."""
