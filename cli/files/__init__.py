"""Verbs on the files of presets: pack, unpack, relink; and the part of info that lists them."""
