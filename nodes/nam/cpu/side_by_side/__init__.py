"""Several recurrent networks of one shape in one kernel.

group.py     which are played so, and the kernel of them
lstm.py      limits and code of LSTMs
gru.py       limits and code of GRUs
gained.py    a network between two gains
records.py   a kernel that takes the records of all
"""
