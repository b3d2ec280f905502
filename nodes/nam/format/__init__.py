"""Readers of the .nam format: from JSON to a checked Model."""
