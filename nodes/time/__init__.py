"""Delay nodes."""
