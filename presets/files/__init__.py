"""The files that a preset names: how they are written, found again, packed and unpacked.

references   a file as written in a preset: asset:NAME, or a path with size and SHA-256
search       find the files of a preset: at their paths, beside it, in search folders
zip_check    check the members of a bundle before any of them is unpacked
bundle       open and unpack bundles: zip archives of a preset and its files
pack         write bundles
relink       what a preset needs and where it is; the preset again with the paths found
"""
