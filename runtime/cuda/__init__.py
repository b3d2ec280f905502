"""Runs parts of a plan on an NVIDIA GPU: executor, launches, transfers, CUDA driver API."""
