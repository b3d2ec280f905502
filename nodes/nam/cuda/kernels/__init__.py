"""CUDA C++ sources of the NAM kernels (package data)."""
