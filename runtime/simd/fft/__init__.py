"""FFT kernels, emitted as LLVM IR."""
