"""Networks as kernels for NVIDIA devices.

wavenet.py    WaveNets: what is refused, and the kernel for the rest
laying.py     where all of it lies (plan.py); pack.py, the weights in their order
header.py     the plan as text, before the kernel's own
*.cuh         the kernel's parts (wavenet.cu names their order)
lstm.py       LSTMs; lstm.cu
network.py    what both are for whoever plays them
"""
