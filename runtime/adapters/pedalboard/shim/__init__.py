"""The VST3 plugin binary: source, build, binding."""
