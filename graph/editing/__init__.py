"""How a graph is changed: its tables, and the checks before each change."""
