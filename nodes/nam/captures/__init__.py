"""Read captures of other makers: RTNeural and AIDA-X (keras.py), Proteus and NeuralPi (guitarml.py)."""
