"""Sources and transformations of control signals, which move parameters of other nodes."""
