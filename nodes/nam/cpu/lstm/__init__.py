"""LSTMs: memory (prepare.py); kernels for small ones, for any, and for many signals at once."""
