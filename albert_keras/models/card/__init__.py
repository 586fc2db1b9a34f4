"""Model cards: the README.md of a preset."""
