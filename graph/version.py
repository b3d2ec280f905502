"""The package's version; pyproject.toml says the same (tests/test_packaging.py)."""

__all__ = ["VERSION"]

VERSION = "0.1.0"
