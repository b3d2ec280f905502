"""Read captures that are no .nam files.

parse.py       from bytes of any format to a checked Model
keras.py       RTNeural, AIDA-X
guitarml.py    GuitarML: Proteus, NeuralPi
smartamp.py    GuitarML: SmartAmp
smartamp_pro.py  GuitarML: SmartAmpPro
namb/          .nam files in binary, in two forms
layers.py      from a list of layers to a network
arrays.py      nested lists of numbers, their shapes checked
"""
