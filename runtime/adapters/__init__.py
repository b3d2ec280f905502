"""Adapters between an engine and the outside: arrays, sound cards, plugin hosts."""
