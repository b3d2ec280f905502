"""What suites measure with: short windows, a float64 reference, the kernels of a plan."""
