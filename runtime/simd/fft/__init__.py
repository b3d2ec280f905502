"""Fast Fourier transforms of 64, 512 and 4096 points, emitted as LLVM IR."""
