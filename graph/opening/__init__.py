"""Make graphs of a few nodes, of a model, of the path of a file."""
