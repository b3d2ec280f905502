"""Translate kernels to LLVM IR without Numba: fast, for the part of Python that kernels use."""
