"""Messages from control threads to the audio thread: the queue, and what applies them."""
