"""How the shipped models and sounds were made; not in the wheel."""
