"""Batch rendering: jobs, their items, manifests."""
