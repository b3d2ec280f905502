"""Plans: a schedule's memory, its rows, and the native players that call them."""
