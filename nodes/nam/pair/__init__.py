"""Two captures as one stereo device: ``Nam(left, right)``.

sides.py     which captures may be a pair, and what they have in common
prepare.py   the memory of both, and of their networks side by side
kernel.py    the audio-thread kernel
"""
