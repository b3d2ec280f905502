"""Output of the PyTorch trainer for a .nam file: an independent reference, if installed."""

import importlib
import importlib.util
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...graph import NamFileError, ParamError
from ...graph.extras import how_to_install

__all__ = ["network_of", "torch_output"]

Signal = NDArray[np.float32]


def torch_output(path: str | os.PathLike[str], slim: float, prewarm: int, x: Signal) -> Signal:
    """Return the output of the trainer's network for ``x``, after ``prewarm`` frames of silence.

    Where the trainer and NeuralAmpModelerCore read a file differently, the result differs from
    namgraph's, which follows Core.  Raises ``ParamError`` if the trainer is not installed.
    """
    needed = f"--against is torch: the trainer is not installed: {how_to_install('verify')}"
    if any(importlib.util.find_spec(name) is None for name in ("torch", "nam")):
        raise ParamError(needed)
    try:
        torch: Any = importlib.import_module("torch")
        importlib.import_module("nam.models")
    except ImportError as error:
        raise ParamError(f"{needed} ({error})") from None
    values = _chosen(json.loads(Path(path).read_bytes().decode("utf-8-sig")), slim)
    network = _initialised(values, os.fspath(path))
    try:
        with torch.no_grad():
            padded = np.concatenate([np.zeros(prewarm, np.float32), x])
            found = network(torch.from_numpy(padded), pad_start=True).numpy()
    except Exception as error:  # of any type: the trainer reads fewer files than Core
        raise _refused(os.fspath(path), error) from None
    return np.ascontiguousarray(found.reshape(-1)[-x.size :], np.float32)


def network_of(values: dict[str, Any], name: str) -> Any:
    """Return the trainer's network of the content of a .nam file, at its largest size.

    The trainer must be installed.  Raises ``NamFileError``, with ``name``, if it cannot play it.
    """
    if not isinstance(values.get("architecture"), str):
        raise NamFileError(f"{name}: the trainer cannot play it: it is no .nam file")
    return _initialised(_chosen(values, 1.0), name)


def _initialised(values: dict[str, Any], name: str) -> Any:
    trainer: Any = importlib.import_module("nam.models")
    try:
        return trainer.init_from_nam(values).eval()
    except Exception as error:  # of any type, as above
        raise _refused(name, error) from None


def _refused(name: str, error: Exception) -> NamFileError:
    return NamFileError(f"{name}: the trainer cannot play it: {type(error).__name__}: {error}")


def _chosen(values: dict[str, Any], slim: float) -> dict[str, Any]:
    """Return the submodel of a container for a slim value: the first whose maximum is above it."""
    while values["architecture"] == "SlimmableContainer":
        rows = values["config"]["submodels"]
        above = [row for row in rows if slim < row["max_value"]]
        values, slim = (above or rows[-1:])[0]["model"], 1.0
    config = values["config"]
    if slim < 1.0 and any(row.get("slimmable") for row in config.get("layers", ())):
        raise ParamError(
            f"--against is torch: the trainer has only the full width, not slim {slim:g}"
        )
    if values["architecture"] != "WaveNet":
        return values
    return {
        **values,
        "config": {**config, "layers": [_in_current_keys(r) for r in config["layers"]]},
    }


def _in_current_keys(row: dict[str, Any]) -> dict[str, Any]:
    """Return a layer array in current keys: the trainer no longer reads the oldest ones."""
    made = dict(row)
    size, bias = made.pop("head_size", None), made.pop("head_bias", None)
    if made.get("head") is None:
        made["head"] = {"out_channels": size, "kernel_size": 1, "bias": bias}
    count = len(made["dilations"])
    if made.pop("gated", False) and "gating_mode" not in made:
        made["gating_mode"] = ["gated"] * count
        made["secondary_activation"] = ["Sigmoid"] * count
        first = made["activation"]
        made["activation"] = first if isinstance(first, list) else [first] * count
    if "gating_mode" not in made and not isinstance(made["activation"], str):
        # Without gating modes it takes activations in keys of its own, that no file has.
        first = made["activation"]
        made["activation"] = first if isinstance(first, list) else [first] * count
        made["gating_mode"], made["secondary_activation"] = ["none"] * count, [None] * count
    return made
