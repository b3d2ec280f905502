"""From a schedule to memory, rows and the native walk over them."""
