"""Kernels of the rows between and around nodes: buffers, mixes, fade-ins, modulation."""
