"""Read .namb files: .nam models in binary, in two forms that begin with one magic number.

parse.py     which form a file has, and its checksum
blocks.py    the form of tone-3000/nam-binary-loader: fields of fixed sizes
layouts.py   the form of fabiohl/nam-rs: JSON, and weights in one of three orders

Both become the values of the equal .nam file, whose reader checks them.
"""
