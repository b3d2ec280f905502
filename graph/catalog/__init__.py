"""Node types described: category, version and description of each, and the table of all."""
