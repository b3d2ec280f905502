"""Batch rendering: many files through many racks, as a job file says.

job            read a job, a JSON file (presets/README.md describes the format)
patterns       resolve the file names and patterns of a job
items          the combinations of inputs, models, racks and settings, and their file names
check          open and check everything before the first file is rendered
run            render the files by an executor, and write the manifest
execution/     one file to render as plain values, and where that runs
render_models  one signal through many models, in banks
fingerprint    manifest entries before rendering, with a digest of all that a file depends on
manifest       read and write the manifest, an entry for each rendered file
faults         clipped, silent and muted files
"""
