"""ALBERT as KerasHub models."""
