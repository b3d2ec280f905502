"""Write a linear rack of captures as one .nam file.

export_nam.py   the file: the models of a Sequential, and what it says of itself
series.py       from a graph to its nodes in series, or the reason why there is none
responses.py    responses of nodes that are linear and do not change
children.py     the .nam of a capture as its node plays it
"""
