"""The world outside: files, sound cards, other hosts.  Each drives an engine."""
