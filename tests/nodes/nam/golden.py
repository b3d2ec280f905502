"""Golden files: models with input, and the output of the oracle and of the trainer.

``python -m tests.nodes.nam.golden`` (from the checkout) writes them anew; tests/golden/README.md
describes them.  Without the trainer installed, its earlier output for the same files is kept.
"""

import copy
import importlib.util
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from . import oracle
from .features import CASES
from .oracle_wavenet import slimmed

__all__ = ["AGREE", "DIVERGE", "FRAMES", "Golden", "read"]

FOLDER = Path(__file__).resolve().parents[2] / "golden"
FRAMES = 192
AGREE = 1e-5
"""Largest error of the trainer's output as a share of the peak, where it is not in ``DIVERGE``."""
SETTLED = 24_000
"""Frames of silence to prewarm models with an LSTM; 200 are enough for all others here."""
SLIMS = {"slimmable": (0.0, 0.4), "slimmable gated": (0.2,), "container": (0.0,)}
"""Slim values of each case besides 1."""
DIVERGE = {
    "head dilation": "ignores it",
    "layer1x1 inactive": "adds the activation where Core adds nothing",
    "layer1x1_post_film not blended": "applies it where Core does not",
    "Linear direct": "takes the taps from the oldest",
    "Linear fft": "takes the taps from the oldest",
}
"""Cases in which the trainer differs from NAM Core, and how (nam-format.md, section 10)."""


@dataclass(frozen=True)
class Golden:
    """A model at a slim value, the input, and the output of the oracle and, if any, the trainer."""

    name: str
    file: Any
    slim: float
    input: Any
    oracle: Any
    torch: Any


def read() -> list[Golden]:
    """Read the golden files."""
    rows = json.loads((FOLDER / "nam.json").read_text())
    with np.load(FOLDER / "nam.npz") as arrays:
        held = {name: arrays[name] for name in arrays.files}

    def piece(name: str, place: Any) -> Any:
        return None if place is None else held[name][place[0] : place[0] + place[1]]

    def filled(value: Any) -> Any:
        if isinstance(value, list):
            return [filled(v) for v in value]
        if not isinstance(value, dict):
            return value
        made = {k: filled(v) for k, v in value.items() if k != "weights"}
        if "weights" in value:
            made["weights"] = [float(v) for v in piece("weights", value["weights"])]
        return made

    return [
        Golden(
            row["name"],
            filled(row["file"]),
            row["slim"],
            held["input"][: row["inputs"]],
            *(
                None if row[by] is None else piece(by, row[by]).reshape(-1, FRAMES)
                for by in ("oracle", "torch")
            ),
        )
        for row in rows
    ]


def settled(file: Any) -> int:
    """Return the frames of silence to prewarm a model."""
    return SETTLED if '"LSTM"' in json.dumps(file) else 200


def chosen(file: Any, slim: float) -> Any:
    """Return the model to run at a slim value as a file of its own."""
    if file["architecture"] == "SlimmableContainer":
        rows = file["config"]["submodels"]
        return next((r for r in rows if slim < r["max_value"]), rows[-1])["model"]
    return slimmed(file, slim) if slim < 1.0 else file


def truth(file: Any, x: Any) -> Any:
    """Return the output of the oracle, prewarmed."""
    silence = np.zeros((len(x), settled(file)), np.float32)
    return np.atleast_2d(oracle.play(file, np.concatenate([silence, x], axis=1)))[:, -FRAMES:]


def trained(name: str, file: Any, x: Any) -> Any:
    """Return the output of the trainer; ``None`` if it cannot read the file, or differs."""
    import torch  # type: ignore[import-not-found,unused-ignore]
    from nam.models import init_from_nam  # type: ignore[import-not-found,unused-ignore]

    text = json.dumps(file)
    known = file["architecture"] in ("WaveNet", "LSTM", "Linear", "ConvNet")
    if not known or "condition_dsp" in text or "PReLU" in text or len(x) > 1:
        return None
    values = copy.deepcopy(file)
    if "layers" in values["config"]:
        values["config"].setdefault("head", None)
        for row in values["config"]["layers"]:
            _renew(row)
    values["config"].pop("implementation", None)
    try:
        convnet = file["architecture"] == "ConvNet"
        network = (_convnet if convnet else init_from_nam)(values).eval()
        padded = np.concatenate([np.zeros(settled(file), np.float32), x[0]])
        with torch.no_grad():
            found = network(torch.from_numpy(padded), pad_start=True).numpy()
    except Exception as error:
        print(f"{name}: the trainer cannot play it: {type(error).__name__}: {error}")
        return None
    return np.atleast_2d(found)[:, -FRAMES:].astype(np.float32)


def _convnet(values: Any) -> Any:
    """Load a ConvNet, which the trainer only exports: set its weights directly."""
    import torch
    from nam.models.conv_net import ConvNet  # type: ignore[import-not-found,unused-ignore]

    made = ConvNet.init_from_config(values["config"])
    cut = oracle.Cutter(values["weights"])
    blocks = [made._net._modules[f"block_{n}"] for n in range(len(values["config"]["dilations"]))]

    def put(module: Any, *names: str) -> None:
        for name in names:
            place = getattr(module, name)
            place.data = torch.tensor(cut(*place.shape), dtype=torch.float32)

    for block in blocks:
        norm = getattr(block, "batchnorm", None)
        put(block.conv, "weight", *(["bias"] if norm is None else []))
        if norm is not None:
            put(norm, "running_mean", "running_var", "weight", "bias")
            norm.eps = float(cut(1)[0])
    put(made._net.head, "weight", "bias")
    assert cut.rest.size == 0
    return made


def _renew(row: Any) -> None:
    """Rewrite old keys that the trainer no longer reads."""
    size, bias = row.pop("head_size", None), row.pop("head_bias", None)
    if row.get("head") is None:
        row["head"] = {"out_channels": size, "kernel_size": 1, "bias": bias}
    if row.pop("gated", False):
        row["gating_mode"], row["secondary_activation"] = "gated", "Sigmoid"
    count = len(row["dilations"])
    for key, default in (("gating_mode", "none"), ("secondary_activation", "Sigmoid")):
        value = row.setdefault(key, default)
        row[key] = value if isinstance(value, list) else [value] * count
    kinds = row["activation"]
    row["activation"] = kinds if isinstance(kinds, list) else [kinds] * count


def pairs() -> Iterator[tuple[str, Any, float]]:
    """Yield every model and slim value."""
    for name, file in CASES.items():
        for slim in (*SLIMS.get(name, ()), 1.0):
            yield name, file, slim


def kept() -> Callable[[str, Any, float, Any], Any]:
    """Return a lookup of earlier trainer output by file, for machines without the trainer."""
    if importlib.util.find_spec("nam") is not None:
        return lambda name, file, slim, x: trained(name, chosen(file, slim), x)
    before = {(golden.name, golden.slim): golden for golden in read()}

    def said(name: str, file: Any, slim: float, x: Any) -> Any:
        known = before.get((name, slim))
        return known.torch if known is not None and _float32(known.file) == _float32(file) else None

    return said


def _float32(value: Any) -> Any:
    """Return a file with its weights rounded to float32."""
    if isinstance(value, dict):
        return {k: _float32(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_float32(v) for v in value]
    return float(np.float32(value)) if isinstance(value, float) else value


def make() -> None:
    """Write the golden files."""
    said = kept()
    rng = np.random.default_rng(1)
    signal = rng.uniform(-0.7, 0.7, (2, FRAMES)).astype(np.float32)
    store: dict[str, list[Any]] = {"weights": [], "oracle": [], "torch": []}
    sizes = dict.fromkeys(store, 0)
    rows = []

    def keep(name: str, values: Any) -> list[int]:
        flat = np.ravel(np.array(values, np.float32))
        store[name].append(flat)
        sizes[name] += flat.size
        return [sizes[name] - flat.size, flat.size]

    def emptied(value: Any) -> Any:
        if isinstance(value, list):
            return [emptied(v) for v in value]
        if not isinstance(value, dict):
            return value
        made = {k: emptied(v) for k, v in value.items() if k != "weights"}
        return made | ({"weights": keep("weights", value["weights"])} if "weights" in value else {})

    for name, file, slim in pairs():
        small = chosen(file, slim)
        inputs = small["config"].get("in_channels", 1)
        x = signal[:inputs]
        meant, found = truth(small, x), said(name, file, slim, x)
        if found is not None:
            error = abs(found - meant).max() / abs(meant).max()
            print(f"{name} at {slim}: the trainer is {error:.1e} off")
            assert (error > 1e-3) == (name in DIVERGE), name
            assert error <= AGREE or name in DIVERGE, name
        by = None if found is None or name in DIVERGE else keep("torch", found)
        row = {"name": name, "slim": slim, "inputs": inputs, "oracle": keep("oracle", meant)}
        rows.append(row | {"torch": by, "file": emptied(file)})
    arrays = {name: np.concatenate(parts) for name, parts in store.items()}
    np.savez_compressed(FOLDER / "nam.npz", allow_pickle=False, input=signal, **arrays)
    text = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
    (FOLDER / "nam.json").write_text(f"[\n{text}\n]\n")


if __name__ == "__main__":
    make()
