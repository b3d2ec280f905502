"""Kernels for NVIDIA devices: their text, compiled when they are needed."""
