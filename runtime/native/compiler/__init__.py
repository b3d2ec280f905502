"""Compile kernels with Numba.  Imported only when a kernel is not in the disk cache."""
