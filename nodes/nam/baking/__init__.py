"""Write the plain .nam file of a capture: with its knobs at given values, or of another format.

document.py   a network as the JSON of a .nam file
bake.py       from a capture and the values of its knobs to a file
"""
