"""The CUDA driver API: devices, memory, modules, graphs."""
