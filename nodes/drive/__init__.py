"""Nodes that distort: clippers, overdrives, fuzzes."""
