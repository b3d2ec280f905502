"""Rendering: audio through racks, from file to file or on a sound card.

render     render an audio file through a rack
file_render  play a file through a rack in pieces, at the rate of the file
input_channels  choose the channels of a file that a rack plays
levels     peak, RMS, DC, energy and loudness of audio, block by block
loudness_matching  gains that bring renders or racks to the same loudness
render_models  one signal through many models, in banks
playback   play audio through a rack on a sound card
"""
