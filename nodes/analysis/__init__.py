"""Nodes that pass a signal unchanged and measure it."""
