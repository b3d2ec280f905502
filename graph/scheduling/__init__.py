"""From a graph to a schedule: order, channels, latency, buffers."""
