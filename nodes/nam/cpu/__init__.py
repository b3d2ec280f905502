"""SIMD kernels of NAM networks on the CPU, and the memory they run on."""
