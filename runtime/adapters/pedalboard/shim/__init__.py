"""The VST3 plugin that pedalboard loads: C sources, build, and ctypes binding."""
