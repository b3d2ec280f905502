"""Cabinets: convolution with impulse responses."""
