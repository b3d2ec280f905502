"""Plays a plan block by block: messages, swaps, crossfades, statistics."""
