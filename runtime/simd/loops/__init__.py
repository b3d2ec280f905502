"""Inner loops of nodes, emitted: each is one function that kernels call."""
