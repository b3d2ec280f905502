"""Parts of filter nodes."""
