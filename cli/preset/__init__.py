"""Verbs that write presets, convert them, or describe what they may contain."""
