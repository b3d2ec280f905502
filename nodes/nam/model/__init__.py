"""Checked, immutable descriptions of NAM models and their networks."""
