"""Cabinets: convolution with an impulse response."""
