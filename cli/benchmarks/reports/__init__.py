"""Files of benchmarks: their layout, a comparison of two, and a page with tables and pictures."""
