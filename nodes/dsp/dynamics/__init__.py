"""Blocks of the dynamics nodes: detectors, look-ahead, true peaks, delayed signals."""
