"""Checkpoints of ALBERT, in every form it is published in, in and out."""
