"""CUDA driver API and NVRTC: device, memory, kernels, graphs, disk cache."""
