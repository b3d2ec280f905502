"""The ``namgraph`` command."""
