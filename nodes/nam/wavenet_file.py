"""A WaveNet from its part of a .nam file.

Keys, defaults and the order of the weights are NeuralAmpModelerCore's.  What the kernels cannot do
yet is refused by its name: a model must never run as something else than it is.
"""

from typing import Any

from ...graph.errors import NamFileError
from .fields import Fields, Weights, as_integer, as_number, fault, shown
from .model import Activation, Conv, Layer, LayerArray, WaveNet

__all__ = ["read_wavenet"]

MAX_ARRAYS = 32
MAX_LAYERS = 256
MAX_CHANNELS = 512
MAX_TAPS = 4096
MAX_DILATION = 1 << 17
MAX_HISTORY = 8 << 20
"""Float32 that all convolutions of a model together may have to remember (32 MiB)."""
MAX_FIELD = 1 << 20
"""Frames of receptive field; as many are run to prewarm a model."""

FILMS = (
    "conv_pre_film",
    "conv_post_film",
    "input_mixin_pre_film",
    "input_mixin_post_film",
    "activation_pre_film",
    "activation_post_film",
    "layer1x1_post_film",
    "head1x1_post_film",
)
PLAIN = {
    "Tanh": "tanh",
    "Fasttanh": "fasttanh",
    "Hardtanh": "hardtanh",  # Core ignores its bounds
    "ReLU": "relu",
    "Sigmoid": "sigmoid",
    "SiLU": "silu",
    "Hardswish": "hardswish",
    "Softsign": "softsign",
}
SLOPED = {"LeakyReLU", "PReLU"}
SLICE = "slice_channels_uniform"
BENT = {"LeakyHardtanh", "LeakyHardTanh"}
BENT_DEFAULTS = {"min_val": -1.0, "max_val": 1.0, "min_slope": 0.01, "max_slope": 0.01}
FINITE = 3.4e38


def read_wavenet(config: Fields, weights: Weights) -> WaveNet:
    """Check a WaveNet's config, count its weights, and put both together."""
    for key in ("head", "condition_dsp"):
        _refuse(config.has(key), config.at(key), "an object")
    if config.integer("in_channels", 1, MAX_CHANNELS, 1) != 1:
        raise _unsupported(config.at("in_channels"), "more than 1")
    config.number("head_scale", -FINITE, FINITE)  # the last weight counts; Core asks for both
    rows = [Fields(value, path) for value, path in config.items("layers", MAX_ARRAYS)]
    plans = [_Array(row) for row in rows]
    carried: tuple[int, int | None] = (1, None)
    for plan in plans:
        plan.follow(*carried)
        carried = (plan.channels, plan.head_out)
    if plans[-1].head_out != 1:
        raise _unsupported(plans[-1].head_path, f"a width of {plans[-1].head_out} at the end")
    field = 1 + sum(p.lookback for p in plans)
    if field > MAX_FIELD:
        raise NamFileError(f"{config.at('layers')} look back {field} frames: at most {MAX_FIELD}")
    history = sum(p.lookback * p.channels for p in plans)
    if history > MAX_HISTORY:
        raise NamFileError(
            f"{config.at('layers')} must remember {history} numbers: at most {MAX_HISTORY}"
        )

    def build(w: Weights) -> WaveNet:
        arrays = tuple(plan.build(w) for plan in plans)
        return WaveNet(arrays, float(w.take(1)[0]))

    return weights.read(build)


class _Array:
    """One element of ``config.layers``, checked; ``build`` takes its weights."""

    def __init__(self, row: Fields) -> None:
        self.row = row
        self.channels = row.integer("channels", 1, MAX_CHANNELS)
        self.inputs = row.integer("input_size", 1, MAX_CHANNELS)
        if row.integer("condition_size", 1, MAX_CHANNELS) != 1:
            raise fault(row.at("condition_size"), row.raw("condition_size"), "1, the input's width")
        self.dilations = [
            as_integer(v, path, 0, MAX_DILATION) for v, path in row.items("dilations", MAX_LAYERS)
        ]
        count = len(self.dilations)
        if row.has("kernel_size") == row.has("kernel_sizes"):
            raise NamFileError(f"{row.path} must have one of kernel_size and kernel_sizes")
        key = "kernel_sizes" if row.has("kernel_sizes") else "kernel_size"
        self.taps = row.each(key, count, lambda v, path: as_integer(v, path, 1, MAX_TAPS))
        self.activations = row.each("activation", count, _activation)
        self.widths = self._slimmable()
        self._head()
        self._refuse_what_is_to_come()

    def _slimmable(self) -> tuple[int, ...]:
        """Return the widths an array may be cut down to; none if it may not."""
        if not self.row.has("slimmable") or not self.row.fields("slimmable").has("method"):
            return ()
        slimmable = self.row.fields("slimmable")
        if slimmable.text("method") != SLICE:
            raise fault(slimmable.at("method"), slimmable.raw("method"), SLICE)
        every = list(range(1, self.channels + 1))
        if not slimmable.has("kwargs") or not slimmable.fields("kwargs").has("allowed_channels"):
            return tuple(every)
        kwargs = slimmable.fields("kwargs")
        items = kwargs.items("allowed_channels", MAX_CHANNELS)
        widths = [as_integer(v, path, 1, self.channels) for v, path in items]
        if widths != sorted(set(widths)) or widths[-1] != self.channels:
            path = kwargs.at("allowed_channels")
            raise NamFileError(f"{path} must rise and end with channels, {self.channels}")
        return tuple(widths)

    def _head(self) -> None:
        row = self.row
        self.head_taps = self.head_dilation = 1
        if row.has("head"):
            head = row.fields("head")
            self.head_path = head.at("out_channels")
            self.head_out = head.integer("out_channels", 1, MAX_CHANNELS)
            self.head_taps = head.integer("kernel_size", 1, MAX_TAPS)
            self.head_bias = head.flag("bias")
            self.head_dilation = head.integer("head_dilation", 1, MAX_DILATION, 1)
        else:
            self.head_path = row.at("head_size")
            self.head_out = row.integer("head_size", 1, MAX_CHANNELS)
            self.head_bias = row.flag("head_bias")

    def _refuse_what_is_to_come(self) -> None:
        row, path = self.row, self.row.at
        width = row.integer("bottleneck", 1, MAX_CHANNELS, self.channels)
        _refuse(width != self.channels, path("bottleneck"), f"{width} for {self.channels} channels")
        _refuse(row.flag("gated", False), path("gated"), "true")
        modes = row.each("gating_mode", len(self.dilations), _gating, "none")
        for mode in modes:
            _refuse(mode != "none", path("gating_mode"), mode)
        for key in ("groups_input", "groups_input_mixin"):
            _refuse(row.integer(key, 1, MAX_CHANNELS, 1) != 1, path(key), "more than 1")
        if row.raw("layer1x1", None) is not None:
            inner = row.fields("layer1x1")
            _refuse(not inner.flag("active"), inner.at("active"), "false")
            _refuse(
                inner.integer("groups", 1, MAX_CHANNELS) != 1, inner.at("groups"), "more than 1"
            )
        if row.raw("head1x1", None) is not None:
            inner = row.fields("head1x1")
            _refuse(inner.flag("active"), inner.at("active"), "true")
        for key in FILMS:
            film = row.raw(key, False)
            if film is not False:
                active = row.fields(key).flag("active", True)
                _refuse(active, path(key), "an active FiLM")

    def follow(self, channels: int, head_out: int | None) -> None:
        """Check that this array fits on what the array before it (or the input) gives."""
        row = self.row
        if self.inputs != channels:
            raise fault(
                row.at("input_size"), self.inputs, f"{channels}, what comes before it gives"
            )
        if head_out is not None and head_out != self.channels:
            raise fault(
                row.at("channels"), self.channels, f"{head_out}, the head size of the array before"
            )

    @property
    def lookback(self) -> int:
        """Frames that the convolutions look back, one after another."""
        frames = sum((k - 1) * d for k, d in zip(self.taps, self.dilations, strict=True))
        return frames + (self.head_taps - 1) * self.head_dilation

    def build(self, w: Weights) -> LayerArray:
        """Take the weights in the file's order."""
        c = self.channels
        rechannel = Conv(w.take(c, self.inputs, 1))
        layers = []
        for taps, dilation, activation in zip(
            self.taps, self.dilations, self.activations, strict=True
        ):
            conv = Conv(w.take(c, c, taps), w.take(c), dilation)
            mixin = Conv(w.take(c, 1, 1))
            layers.append(Layer(conv, mixin, activation, Conv(w.take(c, c, 1), w.take(c))))
        head = w.take(self.head_out, c, self.head_taps)
        bias = w.take(self.head_out) if self.head_bias else None
        return LayerArray(
            rechannel, tuple(layers), Conv(head, bias, self.head_dilation), self.widths
        )


def _activation(value: Any, path: str) -> Activation:
    """Read an activation: a name, or an object with a type and parameters."""
    row = Fields({"type": value} if isinstance(value, str) else value, path)
    name = row.text("type")
    if name in PLAIN:
        return Activation(PLAIN[name])
    if name in SLOPED:
        if name == "PReLU" and not row.has("negative_slope") and row.has("negative_slopes"):
            slopes = row.items("negative_slopes", MAX_CHANNELS)
            return Activation(
                "leaky", (tuple(as_number(v, p, -FINITE, FINITE) for v, p in slopes),)
            )
        return Activation("leaky", ((row.number("negative_slope", -FINITE, FINITE, 0.01),),))
    if name in BENT:
        numbers = {k: row.number(k, -FINITE, FINITE, v) for k, v in BENT_DEFAULTS.items()}
        return Activation("leaky_hardtanh", tuple((v,) for v in numbers.values()))
    known = ", ".join([*PLAIN, *sorted(SLOPED), "LeakyHardtanh"])
    raise NamFileError(f"{path} is {shown(name)}: must be one of {known}")


def _gating(value: Any, path: str) -> str:
    if value not in ("none", "gated", "blended"):
        raise fault(path, value, "none, gated or blended")
    return str(value)


def _unsupported(path: str, found: str) -> NamFileError:
    return NamFileError(f"{path}: {found} is not supported yet")


def _refuse(present: bool, path: str, found: str) -> None:
    if present:
        raise _unsupported(path, found)
