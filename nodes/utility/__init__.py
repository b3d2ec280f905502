"""Gain, pan, mix, split and meter nodes."""
