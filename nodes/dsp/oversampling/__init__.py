"""Oversampling inside kernels, and antiderivative anti-aliasing of curves."""
