"""Commands that write .nam files: ``bake`` and ``export-nam``."""
