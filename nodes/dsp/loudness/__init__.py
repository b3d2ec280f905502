"""Loudness as in ITU-R BS.1770: the weighting filters, and the gated measures."""
