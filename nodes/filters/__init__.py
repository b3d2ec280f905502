"""Filter nodes."""
