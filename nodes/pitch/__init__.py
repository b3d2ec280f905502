"""Nodes that change the pitch."""
