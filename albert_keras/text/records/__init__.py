"""Rows of a user's own files, and the examples that they hold."""
