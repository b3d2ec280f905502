"""Render one signal by several threads, with the bits of one.

stages           cut the rows of a plan into stages: by memory and by cost
row_range        play a range of the rows of a plan
row_costs        measure the time of each row
chunk            play one chunk of a signal through one stage; post changes at their frames
stage_player     the chunks of one stage: in order, or side by side, each from its own frame on
pipeline         threads that play chunks through stages
parallel_render  decide, build the engines, render; statistics
"""
