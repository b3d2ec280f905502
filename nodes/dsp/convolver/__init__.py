"""Zero-latency convolution, bit-identical for every block size."""
