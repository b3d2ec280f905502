"""Dynamics nodes: noise gate, compressor, limiter."""
