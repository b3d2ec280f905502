"""Checked descriptions of NAM models and their networks."""
