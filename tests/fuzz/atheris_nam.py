"""Coverage-guided fuzzing of the reader, where atheris is installed (``pip install atheris``).

    python tests/fuzz/atheris_nam.py -max_total_time=600 [CORPUS_FOLDER]

Takes libFuzzer's options.  Half of what it tries are mutants of ``mutate.py``, half its own.
"""

import random
import sys

import atheris

with atheris.instrument_imports(include=["namgraph.nodes.nam", "json"]):
    from namgraph.graph import NamFileError
    from namgraph.nodes.nam.format.load import parse_nam
    from namgraph.tests.fuzz.mutate import mutant


def one(data: bytes) -> None:
    """Read a file: anything but a model or a ``NamFileError`` is found by atheris."""
    try:
        model = parse_nam(data)
    except NamFileError:
        return
    assert model.weight_count >= 0
    assert model.select(0.0).network is not None


def mutated(data: bytes, most: int, seed: int) -> bytes:
    """Return a file that is almost right, or what libFuzzer makes of the last one."""
    if random.Random(seed).random() < 0.5:
        return mutant(seed)[:most]
    return bytes(atheris.Mutate(data, most))


if __name__ == "__main__":
    atheris.Setup([*sys.argv[:1], "-max_len=20000", *sys.argv[1:]], one, custom_mutator=mutated)
    atheris.Fuzz()
