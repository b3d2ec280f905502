"""CUDA C++ sources of the NAM kernels."""
