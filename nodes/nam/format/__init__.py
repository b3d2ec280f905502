"""Read .nam files: JSON to checked models."""
