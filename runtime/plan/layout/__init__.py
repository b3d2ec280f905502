"""The memory of a plan before it is laid out: blocks, copies of them, and the tables."""
