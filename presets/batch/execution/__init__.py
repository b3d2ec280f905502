"""Rendering the files of a job: what is rendered, apart from where.

racks     description of a rack as plain values, and a cache of opened racks for each process
task      one file to render, as plain values: a worker makes a manifest entry of it
executor  where tasks run: threads of this process
dask      workers of a Dask cluster
cluster   connects to a scheduler, or makes a cluster of processes on this machine
worker    what such a worker does: checks that it fits the job, renders, stops
"""
