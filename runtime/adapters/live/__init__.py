"""Live streams: on a sound card (``LiveStream``) or on a clock (``NullStream``)."""
