"""Version number of the package; tests/test_packaging.py compares it with pyproject.toml."""

__all__ = ["VERSION"]

VERSION = "0.1.0"
