"""Inner loops over a run of frames, emitted once for all nodes: they compile in milliseconds."""
