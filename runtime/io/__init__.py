"""Files: audio files, kinds of files, atomic writing.  Control thread."""
