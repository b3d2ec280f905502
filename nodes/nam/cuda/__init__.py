"""Networks as kernels for NVIDIA devices.

wavenet.py    WaveNets; plan.py lays them out, header.py says so to the compiler, *.cuh, wavenet.cu
lstm.py       LSTMs; lstm.cu
network.py    what both are for whoever plays them
"""
