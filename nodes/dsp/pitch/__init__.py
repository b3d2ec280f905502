"""Pitch of a note, found in an array on a control thread."""
