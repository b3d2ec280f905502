"""Two captures as one stereo device, ``Nam(left, right)``; and nodes that are played together.

sides.py     which captures may be a pair, and what they have in common
prepare.py   the memory of both, and of their networks side by side
kernel.py    the audio-thread kernel
joined.py    several nodes of one model each, whose networks are of one shape
"""
