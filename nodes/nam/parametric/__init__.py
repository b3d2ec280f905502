"""Read .nam files with knobs: the dialects that forks of the trainer write.

read.py       the readers, by architecture
params.py     the list of knobs in a file: names, ranges, defaults, switches
terms.py      weights as sums of products, from which a WeightFunction is made
film.py       FiLMWaveNet, and ParametricWaveNet of .param.nam: scales and shifts
concat.py     ConcatWaveNet and ConcatLSTM: knobs as input channels
hyper.py      HyperWaveNet: a network that makes the weights
embedded.py   a model with knobs in a plain one
"""
