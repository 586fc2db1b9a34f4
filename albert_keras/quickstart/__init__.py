"""From raw text to a model that answers, in one go and in minutes."""
