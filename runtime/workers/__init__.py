"""Worker threads that play independent branches of a graph within one block.

records          what the threads share: record layouts
lanes            which thread plays which rows, and what waits for what
row_times        how long each row takes, and which rows it depends on
plan_lanes       that of one plan, as tables that native code reads
parallel_walk    the audio thread's side of a block
worker           a worker's side
worker_threads   starts and stops the threads
"""
