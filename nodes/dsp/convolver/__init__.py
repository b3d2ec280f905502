"""Zero-latency partitioned convolution, bit-identical for every block size.

partition    partition levels of a response, and the schedule of their work
records      the records that Python fills and emitted code reads
prepare      memory, spectra and records of a convolver
direct       direct form of the first 64 taps
inner_loops  spectrum products, copies
layout       addresses, ring buffers, routes, calls
level        one step of a level of 512 or 4096
kernel       the convolver as one emitted function
"""
