"""GRUs: memory (prepare.py), and kernels for small networks (unrolled.py) and any (looped.py)."""
