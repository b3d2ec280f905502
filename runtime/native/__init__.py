"""Native kernels: their C signature, compiler, disk cache, and memory access in them."""
