"""CPU kernels of NAM networks."""
