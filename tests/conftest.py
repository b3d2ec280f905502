"""Shared by all tests."""

import os

# Before Numba is imported: lets tests count allocations.
os.environ.setdefault("NUMBA_NRT_STATS", "1")

from hypothesis import settings

settings.register_profile("quick", max_examples=50, deadline=None, derandomize=True)
settings.register_profile("thorough", max_examples=10_000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))
