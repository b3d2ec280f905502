"""Kernels with explicit vectors: LLVM IR written by Python, called from Numba."""
