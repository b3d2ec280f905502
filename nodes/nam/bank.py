"""NamBank: many models side by side, one channel each."""

import os
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from ...graph.arguments import check_number
from ...graph.check import MAX_CHANNELS
from ...graph.errors import CudaError, ParamError, UnsupportedFeatureError
from ...graph.node import Node, file, node, option
from ...graph.paths import checked_files, describe_value, file_label
from ...graph.port import Port, Space
from ...graph.prepare import Io, Memory, Processor, Spec
from .bank_kernel import GAIN, GROUP, STATE, play_bank
from .cpu.prepare import prepare_network
from .cpu.side_by_side.gained import MOST
from .cpu.side_by_side.group import group_size, prepare_group, shape_of
from .levels import (
    INTERFACE_DBU,
    MODES,
    Applied,
    applied,
    check_interface,
    warn_of_missing,
)
from .model.model import Model
from .model.wavenet import Network
from .node import BACKENDS, space_of
from .precision import PRECISIONS, network_for
from .resolved_model import ResolvedModel, equal_nodes, keep_models, resolve
from .slimmable import exact_field

__all__ = ["NamBank"]


@node("nam_bank", display_name="NAM bank", category="amp", example='["first.nam", "second.nam"]')
class NamBank(Node):
    """Run many .nam files side by side: one output channel per model.

    ``paths`` are paths of files, or models that ``load_nam`` returned.  All models read the same
    input channel, or, with ``shared=False``, each reads its own.  Models must be mono and have the
    sample rate of the stream.  ``levels``, ``interface_dbu`` and ``calibrate_input`` are as in
    ``Nam``, applied per model by the levels in its file, and so is ``prewarm``.  On a CUDA device
    (``backend`` and ``precision`` as in ``Nam``) all models run in one launch; they must then
    differ in weights only, and play raw.  ``slim`` selects the size of every slimmable model.
    """

    generates = True  # silence is a number like any other: its output may have an offset
    paths: Sequence[str | os.PathLike[str] | Model] = file(
        kw_only=False, several=True, content=Model
    )
    shared: bool = option(default=True, choices=(False, True))
    slim: float = option(default=1.0)
    prewarm: bool = option(default=True, choices=(False, True))
    backend: str = option(default="cpu", choices=BACKENDS, machine=True)
    precision: str = option(default="exact", choices=PRECISIONS)
    levels: str = option(default="raw", choices=MODES)
    interface_dbu: float = option(default=INTERFACE_DBU, machine=True)
    calibrate_input: bool = option(default=False, choices=(False, True))

    def __post_init__(self) -> None:
        """Check all fields without reading the files."""
        object.__setattr__(self, "paths", checked_files(self.paths, "paths", ParamError, Model))
        super().__post_init__()
        if not 1 <= len(self.paths) <= MAX_CHANNELS:
            found = describe_value(self.paths)
            raise ParamError(f"paths is {found}: must be a list of 1 to {MAX_CHANNELS} files")
        object.__setattr__(self, "slim", check_number("slim", self.slim, 0.0, 1.0))
        object.__setattr__(self, "interface_dbu", check_interface(self.interface_dbu))

    __eq__ = equal_nodes

    @cached_property
    def resolved(self) -> tuple[ResolvedModel, ...]:
        """The models as read from ``paths`` on first access; a later access reads nothing.

        A file that cannot be used raises ``NamFileError``, and is tried again at the next access.
        """
        read = {path: resolve(path, self.slim) for path in dict.fromkeys(self.paths)}
        return tuple(read[path] for path in self.paths)

    @property
    def inputs(self) -> tuple[Port, ...]:
        """One port, with one channel if ``shared``, else one per model; bad files raise here."""
        channels = 1 if self.shared else len(self.resolved)
        return (Port("in", channels, space=self._space),)

    @property
    def outputs(self) -> tuple[Port, ...]:
        """One port with one channel per model."""
        return (Port("out", len(self.resolved), space=self._space),)

    @property
    def models(self) -> tuple[Model, ...]:
        """The models in the files, of the size for ``slim``."""
        return tuple(each.model for each in self.resolved)

    def contents(self) -> tuple[str, ...]:
        """Return the digest of each file."""
        return tuple(each.digest for each in self.resolved)

    def levels_applied(self) -> tuple[Applied, ...]:
        """Return, for each model, the gains ``levels`` puts before and after it."""
        how = (self.levels, self.interface_dbu, self.calibrate_input)
        return tuple(applied(each.file_model, *how) for each in self.resolved)

    @property
    def _space(self) -> Space:
        return space_of(self.backend, self.device_refusal)

    def device_refusal(self) -> str:
        """Return why the models cannot run on a device, or an empty string if they can.

        A file that cannot be used raises its ``NamFileError``.
        """
        from .cuda import cuda_network

        first = self.resolved[0]
        if self.levels != "raw" or self.calibrate_input:
            return "a bank on a device plays its models raw"
        if reason := first.device_refusal("exact", prewarm=self.prewarm):
            return f"{first.path}: {reason}"
        try:
            made = [cuda_network(m.running, self.precision) for m in self.models]
        except ParamError as error:
            return str(error)
        other = next((k for k, n in enumerate(made) if n.kernel != made[0].kernel), None)
        if other is None:
            return ""
        name = self.resolved[other].path
        return f"{name} has another shape than {first.path}, and needs its own bank"

    def own_rate(self) -> float | None:
        """Return the rate in Hz of the first model, which all others must have."""
        return self.resolved[0].sample_rate

    def on_cpu(self) -> Node | None:
        """Return the same node and models with backend "cpu", if its backend is "auto"."""
        if self.backend != "auto":
            return None
        return keep_models(self, replace(self, backend="cpu"))

    def tail(self, spec: Spec) -> int:
        """Return the frames for which an input frame is audible (an LSTM: about)."""
        return max(model.prewarm for model in self.models)

    def receptive_field(self, spec: Spec) -> int | None:
        """Return the longest of the models; ``None`` if one is an LSTM."""
        fields = [exact_field(model.running) for model in self.models]
        known = [field for field in fields if field is not None]
        return max(known) if len(known) == len(fields) else None

    def prepare(self, io: Io) -> Processor:
        """Allocate memory for all networks and compile their kernels."""
        models = self.models  # a bad file raises before the device is looked up
        on_device = self._space is Space.DEVICE
        if on_device and (reason := self.device_refusal()):
            raise CudaError(f"cannot play with backend cuda: {reason}: must be auto or cpu")
        levels = self.levels_applied()
        warn_of_missing(zip(map(file_label, self.paths), levels, strict=True))
        rows, networks, memory = [], [], io.memory
        for each in self.resolved:
            path, model = each.path, each.model
            if model.channels != (1, 1):
                raise UnsupportedFeatureError(
                    f"{path}: has {model.channels[0]} channels in and {model.channels[1]} out: "
                    "must be mono in a bank"
                )
            each.rate_conversion(io.spec.rate)
            network = network_for(model.running, self.precision)
            rows.append(prepare_network(memory, network, frames=io.spec.max_frames))
            networks.append(network)
        groups = _grouped(memory, networks, rows)
        room = io.spec.max_frames
        prewarm = max(model.prewarm for model in models) if self.prewarm else 0
        work = self._work(io, models, prewarm) if on_device else None
        row = np.dtype([("kernel", np.int64), ("record", np.int64)])
        block = memory.record(
            STATE,
            count=len(rows),
            rows=memory.table(row, [{"kernel": k.address, "record": at} for k, at in rows]),
            groups=memory.table(GROUP, groups),
            group_count=len(groups),
            ins=memory.scratch(MOST, np.int64),
            outs=memory.scratch(MOST, np.int64),
            shared=int(self.shared),
            device=0 if work is None else work.memory.node,
            room=room,
            aside=memory.scratch((MOST, room)),
            gains=memory.table(
                GAIN, [{"input_db": a.input_db, "output_db": a.output_db} for a in levels]
            ),
        )
        if work is None:
            return Processor(play_bank, block, prewarm=prewarm)
        from .cuda.bank_host_kernel import cpu_fallback

        return Processor(cpu_fallback, block, prewarm=prewarm, device=work)

    def _work(self, io: Io, models: Sequence[Model], prewarm: int) -> Any:
        """Allocate what the models need on the device."""
        from .cuda.bank_host_kernel import before_launch
        from .cuda.prepare import allocate_cuda

        memory: Any = io.memory
        networks = [model.running for model in models]
        return allocate_cuda(
            memory, networks, prewarm, before_launch, self.precision, shared=self.shared
        )


def _grouped(
    memory: Memory, networks: Sequence[Network], rows: Sequence[tuple[Any, Any]]
) -> list[dict[str, Any]]:
    """Return the ``GROUP`` of each network that is played alone, and of each several at once."""
    waiting, found = dict[Any, list[int]](), list[list[int]]()
    for k, network in enumerate(networks):
        most, shape = min(MOST, group_size(network)), shape_of(network)
        numbers = waiting.get(shape, []) if most > 1 else []
        if not 0 < len(numbers) < most:
            found.append(numbers := [])
            waiting[shape] = numbers
        numbers.append(k)
    made = []
    for numbers in found:
        given = [networks[k] for k in numbers], [rows[k][1] for k in numbers]
        kernel, at = prepare_group(memory, *given) or rows[numbers[0]]
        members = memory.constant(np.array(numbers, np.int64))
        row = {"kernel": kernel.address, "record": at, "members": members, "count": len(numbers)}
        made.append(row)
    return made
