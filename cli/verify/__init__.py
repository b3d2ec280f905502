"""``namgraph verify``: null tests of a model."""
