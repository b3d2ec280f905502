"""Blocks shared by modulation effects: LFOs, note values, fractional delay lines."""
