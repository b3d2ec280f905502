"""Batch rendering: many files through many racks, as a job file says.

api            ng.batch: a job that is a file, a dictionary, or keyword arguments
job            read a job (presets/README.md describes the format)
patterns       resolve the file names, patterns and folders of a job
items          the combinations of inputs, models, racks and settings, and their file names
samplers       settings drawn at random
check          open and check everything before the first file is rendered
job_faults     collect the faults of a job, and raise them together
run            render the files by an executor, and write the manifest
execution/     one file to render as plain values, and where that runs
fingerprint    manifest entries before rendering, with a digest of all that a file depends on
manifest       read and write the manifest, an entry for each rendered file
manifest_csv   the manifest as a table
faults         clipped, silent and muted files, and lines for those that could not be made
"""
