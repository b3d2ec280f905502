"""Signal-processing blocks shared by nodes."""
