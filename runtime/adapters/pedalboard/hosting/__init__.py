"""Host plugins and describe their parameters."""
