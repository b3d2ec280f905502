"""pedalboard plugins as nodes: description, parameters, processing."""
