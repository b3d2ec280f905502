"""Pitch: of a note in an array, on a control thread; a shifter of it, for kernels."""
