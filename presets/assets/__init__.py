"""The sounds and models that ship with namgraph, and the recipes that made every one."""
