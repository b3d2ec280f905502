"""Signal-processing blocks that several nodes use: resampling, convolution, filter sections."""
