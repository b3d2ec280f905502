"""Audio files and atomic writing; nothing that plays."""
