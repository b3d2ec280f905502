"""Node types: category, version, description of each, the table of all; late imports of names."""
