"""Read one layer array of a WaveNet.

Keys, defaults and the order of the weights are those of NeuralAmpModelerCore.
"""

from ....graph.errors import FieldValueError
from ..model.networks import Activation, Conv
from ..model.wavenet_parts import FILMS, Film, Layer, LayerArray
from .activation import read_activation, read_film, read_gating, read_layer1x1
from .checked_json import Fields, Weights, as_integer, fault

__all__ = ["MAX_CHANNELS", "MAX_DILATION", "MAX_TAPS", "ArrayFile"]

MAX_LAYERS = 256
MAX_CHANNELS = 512
MAX_TAPS = 4096
MAX_DILATION = 1 << 17
SLICE = "slice_channels_uniform"
GATE = Activation("sigmoid")


class ArrayFile:
    """A checked element of ``config.layers``; ``build`` then takes its weights."""

    def __init__(self, row: Fields, film_condition: int | None = None) -> None:
        self.row = row
        sizes = [
            row.integer(k, 1, MAX_CHANNELS) for k in ("input_size", "condition_size", "channels")
        ]
        self.inputs, self.condition, self.channels = sizes
        self.film_condition = self.condition if film_condition is None else film_condition
        self.width = row.integer("bottleneck", 1, MAX_CHANNELS, self.channels)
        self.dilations = [
            as_integer(v, path, 0, MAX_DILATION) for v, path in row.items("dilations", MAX_LAYERS)
        ]
        self.count = len(self.dilations)
        if row.has("kernel_size") == row.has("kernel_sizes"):
            allowed = "one of kernel_size and kernel_sizes"
            message = f"{row.path} must have {allowed}"
            raise FieldValueError(message, field=row.path, allowed=allowed)
        self.taps = self._taps()
        self.activations = row.each("activation", self.count, read_activation)
        self._gates()
        self._ends()
        groups = ("groups_input", "groups_input_mixin")
        self.groups = {key: row.integer(key, 1, MAX_CHANNELS, 1) for key in groups}
        self.films = {key: read_film(row, key, 2 * MAX_CHANNELS) for key in FILMS}
        self._check_parts()
        self.widths = self._slimmable()

    @property
    def head_width(self) -> int:
        """Input channels of the head."""
        return self.width if self.head1x1 is None else self.head1x1[0]

    @property
    def lookback(self) -> int:
        """Sum of the lookback of all convolutions in frames."""
        frames = sum((k - 1) * d for k, d in zip(self.taps, self.dilations, strict=True))
        return frames + (self.head_taps - 1) * self.head_dilation

    def history_floats(self, room: int) -> int:
        """Return the float32 in all histories, each with ``room`` frames besides its lookback."""
        pairs = zip(self.taps, self.dilations, strict=True)
        inner = sum(self.channels * ((k - 1) * d + room) for k, d in pairs)
        return inner + self.head_width * ((self.head_taps - 1) * self.head_dilation + room)

    def _taps(self) -> list[int]:
        if self.row.has("kernel_size"):
            return [self.row.integer("kernel_size", 1, MAX_TAPS)] * self.count
        rows = list(self.row.items("kernel_sizes", MAX_LAYERS))
        if len(rows) != self.count:
            path = self.row.at("kernel_sizes")
            raise fault(path, self.row.raw("kernel_sizes"), f"a list of {self.count}, as dilations")
        return [as_integer(v, path, 1, MAX_TAPS) for v, path in rows]

    def _gates(self) -> None:
        """Read gating_mode, or the older flag ``gated``."""
        row = self.row
        gated = row.flag("gated", False)
        if not row.names("gating_mode"):
            self.gatings = ["gated" if gated else "none"] * self.count
            self.seconds: list[Activation | None] = [GATE if gated else None] * self.count
            return
        self.gatings = row.each("gating_mode", self.count, read_gating)
        one = not isinstance(row.raw("gating_mode"), list)
        given = row.raw("secondary_activation", "Sigmoid")
        path = row.at("secondary_activation")
        several = isinstance(given, list)
        if several and any(g != "none" for g in self.gatings) and (one or len(given) != self.count):
            allowed = "one activation" if one else f"one, or a list of {self.count}"
            raise fault(path, given, allowed)
        self.seconds = [
            None
            if gating == "none"
            else read_activation(*((given[n], f"{path}[{n}]") if several else (given, path)))
            for n, gating in enumerate(self.gatings)
        ]

    def _ends(self) -> None:
        """Read layer1x1, head1x1 and the head."""
        row = self.row
        self.layer1x1 = read_layer1x1(row, MAX_CHANNELS)
        self.head1x1: tuple[int, int] | None = None
        if row.names("head1x1") and row.fields("head1x1").flag("active"):
            inner = row.fields("head1x1")
            sizes = [inner.integer(k, 1, MAX_CHANNELS) for k in ("out_channels", "groups")]
            self.head1x1 = (sizes[0], sizes[1])
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

    def _check_parts(self) -> None:
        row, middle = self.row, [self._middle(n) for n in range(self.count)]
        for key, inputs in (
            ("groups_input", self.channels),
            ("groups_input_mixin", self.condition),
        ):
            _divides(row.at(key), self.groups[key], inputs, *middle)
        if self.layer1x1 is not None:
            _divides(row.at("layer1x1.groups"), self.layer1x1, self.width, self.channels)
        elif self.width != self.channels:
            allowed = f"{self.channels}, the channels, as layer1x1 is not active"
            raise fault(row.at("bottleneck"), self.width, allowed)
        elif self.films["layer1x1_post_film"]:
            raise _needs(row.at("layer1x1_post_film"), "layer1x1")
        if self.head1x1 is not None:
            _divides(row.at("head1x1.groups"), self.head1x1[1], self.width, self.head1x1[0])
        elif self.films["head1x1_post_film"]:
            raise _needs(row.at("head1x1_post_film"), "head1x1")
        for key, film in self.films.items():
            for n in range(self.count if film else 0):
                assert film is not None
                rows = self._film_width(key, n) * (2 if film[0] else 1)
                _divides(row.at(f"{key}.groups"), film[1], self.film_condition, rows)

    def _middle(self, number: int) -> int:
        """Return the channels before the activation of a layer."""
        return self.width * (1 if self.gatings[number] == "none" else 2)

    def _film_width(self, key: str, number: int) -> int:
        middle = self._middle(number)
        widths = (self.channels, middle, self.condition, middle, middle, self.width, self.channels)
        return dict(zip(FILMS, (*widths, self.head_width), strict=True))[key]

    def _slimmable(self) -> tuple[int, ...]:
        """Return the widths the array may be cut to; empty if it is not slimmable."""
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
            allowed = f"ascending and end with channels, {self.channels}"
            raise FieldValueError(f"{path} must be {allowed}", field=path, allowed=allowed)
        return tuple(widths)

    @property
    def grouped(self) -> str | None:
        """Return the path of the first groups above 1, which cannot be cut; ``None`` without."""
        films = {f"{k}.groups": film[1] for k, film in self.films.items() if film}
        ends = {"layer1x1.groups": self.layer1x1 or 1}
        if self.head1x1:
            ends["head1x1.groups"] = self.head1x1[1]
        several = [k for k, n in (self.groups | ends | films).items() if n > 1]
        return self.row.at(several[0]) if several else None

    def build(self, w: Weights) -> LayerArray:
        """Take the weights in the order of the file."""
        rechannel = Conv(w.take(self.channels, self.inputs, 1))
        layers = tuple(self._build_layer(w, n) for n in range(self.count))
        weight = w.take(self.head_out, self.head_width, self.head_taps)
        bias = w.take(self.head_out) if self.head_bias else None
        head = Conv(weight, bias, self.head_dilation)
        return LayerArray(rechannel, layers, head, self.widths)

    def _build_layer(self, w: Weights, n: int) -> Layer:
        c, width, middle, taps = self.channels, self.width, self._middle(n), self.taps[n]
        g, gm = self.groups["groups_input"], self.groups["groups_input_mixin"]
        conv = Conv(w.take(middle, c // g, taps), w.take(middle), self.dilations[n], g)
        mixin = Conv(w.take(middle, self.condition // gm, 1), groups=gm)
        out = head = None
        if self.layer1x1 is not None:
            out = _take(w, c, width, self.layer1x1)
        if self.head1x1 is not None:
            head = _take(w, self.head1x1[0], width, self.head1x1[1])
        films = {}
        for key, film in self.films.items():
            if film is not None:
                rows = self._film_width(key, n) * (2 if film[0] else 1)
                films[key] = Film(_take(w, rows, self.film_condition, film[1]), film[0])
        kind, gating, second = self.activations[n], self.gatings[n], self.seconds[n]
        return Layer(conv, mixin, kind, out, head, gating, second, films)


def _take(w: Weights, outputs: int, inputs: int, groups: int) -> Conv:
    return Conv(w.take(outputs, inputs // groups, 1), w.take(outputs), groups=groups)


def _needs(film: str, part: str) -> FieldValueError:
    allowed = f"false unless {part} is active"
    return FieldValueError(f"{film} needs {part} to be active", field=film, allowed=allowed)


def _divides(path: str, groups: int, *sizes: int) -> None:
    for size in sizes:
        if size % groups:
            raise fault(path, groups, f"a divisor of the channels it groups, {size}")
