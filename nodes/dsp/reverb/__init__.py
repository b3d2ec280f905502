"""Reverberators played in rows of up to 32 frames: delay lines, and the models made of them."""
