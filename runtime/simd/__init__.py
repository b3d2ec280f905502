"""Vector code for kernels: LLVM IR emitted from Python, called from Numba functions."""
