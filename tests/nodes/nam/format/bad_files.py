"""Models with one bad value: its place, the value, and the text of the error."""

import copy
from typing import Any

from .. import nets

__all__ = ["BAD", "BOTH", "GONE", "LSTM", "TALL", "WAVENET", "changed", "slim"]

WAVENET = nets.wavenet(nets.array(3, [1, 2], head=2), nets.array(2, [8], inputs=3))
TALL = nets.wavenet(nets.array(3, [1, 2], head_taps=4))
LSTM = nets.lstm(3, 2)
BOTH = nets.container(LSTM, WAVENET)
HEAD = {"channels": 2, "out_channels": 1, "kernel_sizes": [3, 1], "activation": "ReLU"}
GATED = WAVENET["config"]["layers"][0] | {"gating_mode": "gated"}
OPEN = WAVENET["config"]["layers"][0] | {"layer1x1": {"active": False, "groups": 1}}
WIDE = nets.lstm(3, 1, channels=(2, 1))
TWO = nets.lstm(3, 1, channels=(1, 2))
GONE = object()
HUGE = 10**400


def changed(model: Any, path: str, value: Any) -> Any:
    """Return a copy with another value, or none, at a dotted path."""
    model = copy.deepcopy(model)
    *way, last = [int(p) if p.isdigit() else p for p in path.split(".")]
    place = model
    for part in way:
        place = place[part]
    if value is GONE:
        del place[last]
    else:
        place[last] = value
    return model


def slim(widths: list[int]) -> Any:
    """Return the ``slimmable`` of a layer array with these widths."""
    return {"method": "slice_channels_uniform", "kwargs": {"allowed_channels": widths}}


BAD: list[tuple[Any, str, Any, str]] = [
    # the root of every file
    (WAVENET, "version", GONE, "version is missing"),
    (WAVENET, "version", 5, "version is 5: must be a string"),
    (WAVENET, "version", "0.4.0", "version is '0.4.0'"),
    (WAVENET, "version", "0.8.0", "version is '0.8.0'"),
    (WAVENET, "version", "1.0.0", "version is '1.0.0'"),
    (WAVENET, "version", "0.5", "version is '0.5'"),
    (WAVENET, "version", "0.5.4-beta", "version is '0.5.4-beta'"),
    (WAVENET, "version", "0.5." + "9" * 5000, "version is"),
    (WAVENET, "architecture", GONE, "architecture is missing"),
    (WAVENET, "architecture", None, "architecture is None"),
    (WAVENET, "architecture", "wavenet", "architecture 'wavenet' is not one this package plays"),
    (WAVENET, "architecture", "ConvNet", "config.channels is missing"),
    (WAVENET, "architecture", "Linear", "config.receptive_field is missing"),
    (WAVENET, "architecture", "Sequential", "config.models is missing"),
    (WAVENET, "architecture", "LSTM", "config.input_size is missing"),
    (WAVENET, "config", GONE, "config is missing"),
    (WAVENET, "config", None, "config is None: must be a JSON object"),
    (WAVENET, "config", [], "config is a list of 0"),
    (WAVENET, "sample_rate", "48000", "sample_rate is '48000'"),
    (WAVENET, "sample_rate", 0, "sample_rate is 0"),
    (WAVENET, "sample_rate", -1, "sample_rate is -1"),
    (WAVENET, "sample_rate", True, "sample_rate is True"),
    (WAVENET, "metadata", "none", "metadata is 'none'"),
    (WAVENET, "metadata", {"loudness": "loud"}, "metadata.loudness is 'loud'"),
    (WAVENET, "metadata", {"input_level_dbu": [1]}, "metadata.input_level_dbu is a list"),
    # weights
    (WAVENET, "weights", GONE, "weights is missing"),
    (WAVENET, "weights", None, "weights is None"),
    (WAVENET, "weights", {}, "weights is an object"),
    (WAVENET, "weights", [], "weights has 0 numbers: config needs exactly"),
    (WAVENET, "weights", WAVENET["weights"][:-1], "config needs exactly"),
    (WAVENET, "weights", [*WAVENET["weights"], 0.0], "config needs exactly"),
    (WAVENET, "weights.3", None, "weights[3] is None"),
    (WAVENET, "weights.3", "1", "weights[3] is '1'"),
    (WAVENET, "weights.3", True, "weights[3] is True"),
    (WAVENET, "weights.3", [1.0], "weights[3] is a list of 1"),
    (WAVENET, "weights.3", 1e39, "weights[3] is beyond"),
    (WAVENET, "weights.3", HUGE, "weights"),
    # WaveNets
    (WAVENET, "config.layers", GONE, "config.layers is missing"),
    (WAVENET, "config.layers", [], "config.layers is a list of 0"),
    (WAVENET, "config.layers", {}, "config.layers is an object"),
    (WAVENET, "config.layers.1", 7, "config.layers[1] is 7"),
    (WAVENET, "config.head_scale", GONE, "config.head_scale is missing"),
    (WAVENET, "config.head_scale", None, "config.head_scale is None"),
    (WAVENET, "config.in_channels", 2, "config.layers[0].input_size is 1: must be 2"),
    (WAVENET, "config.head", {"channels": 2}, "config.head.out_channels is missing"),
    (WAVENET, "config.head", HEAD | {"in_channels": 2}, "config.head.in_channels is 2: must be 1"),
    (WAVENET, "config.head", HEAD | {"kernel_sizes": []}, "config.head.kernel_sizes is a list of"),
    (WAVENET, "config.head", HEAD | {"kernel_sizes": [0]}, "config.head.kernel_sizes[0] is 0"),
    (WAVENET, "config.head", HEAD | {"activation": {"name": "Tanh"}}, "activation.type is missing"),
    (WAVENET, "config.head", HEAD, "config needs exactly"),
    (WAVENET, "config.condition_dsp", 3, "config.condition_dsp is 3"),
    (WAVENET, "config.condition_dsp", WIDE, "config.condition_dsp has 2 inputs: must have 1"),
    (WAVENET, "config.condition_dsp", TWO, "config.layers[0].condition_size is 1: must be 2"),
    (
        WAVENET,
        "config.condition_dsp",
        nets.lstm(3, 1, rate=44_100),
        "config.condition_dsp.sample_rate is 44100: must be 48000",
    ),
    (
        WAVENET,
        "config.condition_dsp",
        nets.lstm(3, 1, rate=None),
        "config.condition_dsp.sample_rate is nothing: must be 48000",
    ),
    (WAVENET, "config.layers.0.channels", GONE, "config.layers[0].channels is missing"),
    (WAVENET, "config.layers.0.channels", 0, "config.layers[0].channels is 0"),
    (WAVENET, "config.layers.0.channels", -3, "config.layers[0].channels is -3"),
    (WAVENET, "config.layers.0.channels", 3.5, "config.layers[0].channels is 3.5"),
    (WAVENET, "config.layers.0.channels", True, "config.layers[0].channels is True"),
    (WAVENET, "config.layers.0.channels", "3", "config.layers[0].channels is '3'"),
    (WAVENET, "config.layers.0.channels", HUGE, "config.layers[0].channels is"),
    (TALL, "config.layers.0.channels", 4, "weights has"),
    (WAVENET, "config.layers.0.input_size", 2, "config.layers[0].input_size is 2: must be 1"),
    (WAVENET, "config.layers.1.input_size", 2, "config.layers[1].input_size is 2: must be 3"),
    (WAVENET, "config.layers.0.condition_size", 2, "config.layers[0].condition_size is 2"),
    (WAVENET, "config.layers.0.head_size", 3, "config.layers[1].channels is 2: must be 3"),
    (WAVENET, "config.layers.1.head_size", 2, "weights has"),
    (WAVENET, "config.layers.0.head_size", GONE, "config.layers[0].head_size is missing"),
    (WAVENET, "config.layers.0.head_bias", GONE, "config.layers[0].head_bias is missing"),
    (WAVENET, "config.layers.0.head_bias", 1, "config.layers[0].head_bias is 1"),
    (WAVENET, "config.layers.0.kernel_size", GONE, "one of kernel_size and kernel_sizes"),
    (WAVENET, "config.layers.0.kernel_sizes", [3, 3], "one of kernel_size and kernel_sizes"),
    (WAVENET, "config.layers.0.kernel_size", 0, "config.layers[0].kernel_size is 0"),
    (WAVENET, "config.layers.0.kernel_size", [3], "config.layers[0].kernel_size is a list of 1"),
    (WAVENET, "config.layers.0.dilations", [], "config.layers[0].dilations is a list of 0"),
    (WAVENET, "config.layers.0.dilations", [1, -1], "config.layers[0].dilations[1] is -1"),
    (WAVENET, "config.layers.0.dilations", [1, 1 << 40], "config.layers[0].dilations[1] is"),
    (WAVENET, "config.layers.0.dilations", 4, "config.layers[0].dilations is 4"),
    (WAVENET, "config.layers.0.dilations", [1] * 1000, "config.layers[0].dilations is a list"),
    (WAVENET, "config.layers.0.activation", GONE, "config.layers[0].activation is missing"),
    (WAVENET, "config.layers.0.activation", "tanh", "config.layers[0].activation is 'tanh'"),
    (WAVENET, "config.layers.0.activation", 3, "config.layers[0].activation is 3"),
    (WAVENET, "config.layers.0.activation", {}, "config.layers[0].activation.type is missing"),
    (WAVENET, "config.layers.0.activation", ["Tanh"], "config.layers[0].activation is a list"),
    (WAVENET, "config.layers.0.activation", ["Tanh", 0], "config.layers[0].activation[1] is 0"),
    (
        WAVENET,
        "config.layers.0.activation",
        {"type": "PReLU", "negative_slopes": []},
        "config.layers[0].activation.negative_slopes is a list of 0",
    ),
    (
        WAVENET,
        "config.layers.0.activation",
        {"type": "LeakyReLU", "negative_slope": "x"},
        "config.layers[0].activation.negative_slope is 'x'",
    ),
    (WAVENET, "config.layers.0.gated", True, "weights has"),
    (WAVENET, "config.layers.0.gated", None, "config.layers[0].gated is None"),
    (WAVENET, "config.layers.0.gating_mode", "gated", "weights has"),
    (WAVENET, "config.layers.0.gating_mode", ["none", "x"], "gating_mode[1] is 'x'"),
    (WAVENET, "config.layers.0", GATED | {"secondary_activation": None}, "activation is None"),
    (WAVENET, "config.layers.0", GATED | {"secondary_activation": ["ReLU"] * 2}, "one activation"),
    (WAVENET, "config.layers.0.gating_mode", None, "config.layers[0].gating_mode is None"),
    (WAVENET, "config.layers.0.bottleneck", 2, "weights has"),
    (WAVENET, "config.layers.0.groups_input", 2, "groups_input is 2: must be a divisor"),
    (WAVENET, "config.layers.0.groups_input", 0, "config.layers[0].groups_input is 0"),
    (WAVENET, "config.layers.0.groups_input_mixin", 3, "groups_input_mixin is 3: must be"),
    (WAVENET, "config.layers.0.layer1x1", {"active": False, "groups": 1}, "weights has"),
    (WAVENET, "config.layers.0.layer1x1", {"active": True, "groups": 2}, "layer1x1.groups is 2"),
    (WAVENET, "config.layers.0.layer1x1", {"active": True}, "layer1x1.groups is missing"),
    (WAVENET, "config.layers.0.head1x1", {"active": True}, "head1x1.out_channels is missing"),
    (WAVENET, "config.layers.0.conv_pre_film", {}, "weights has"),
    (WAVENET, "config.layers.0.conv_pre_film", {"groups": 5}, "conv_pre_film.groups is 5: must be"),
    (WAVENET, "config.layers.0.conv_pre_film", None, "conv_pre_film is None"),
    (WAVENET, "config.layers.0.head1x1_post_film", {}, "head1x1_post_film needs head1x1"),
    (WAVENET, "config.layers.0", OPEN | {"layer1x1_post_film": {}}, "needs layer1x1"),
    (WAVENET, "config.layers.0", OPEN | {"bottleneck": 2}, "bottleneck is 2: must be 3"),
    (WAVENET, "config.layers.0.head1x1_post_film", True, "head1x1_post_film is True"),
    (WAVENET, "config.layers.0.slimmable", 3, "config.layers[0].slimmable is 3"),
    (WAVENET, "config.layers.0.slimmable", {"method": "x"}, "slimmable.method is 'x'"),
    (
        WAVENET,
        "config.layers.0.slimmable",
        slim([3, 2]),
        "allowed_channels must be ascending",
    ),
    (
        WAVENET,
        "config.layers.0.slimmable",
        slim([1, 2]),
        "allowed_channels must be ascending",
    ),
    (WAVENET, "config.layers.0.slimmable", slim([0, 3]), "allowed_channels[0] is 0"),
    (WAVENET, "config.layers.0.slimmable", slim([]), "allowed_channels is a list of 0"),
    (TALL, "config.layers.0.head", 5, "config.layers[0].head is 5"),
    (TALL, "config.layers.0.head.kernel_size", 0, "config.layers[0].head.kernel_size is 0"),
    (TALL, "config.layers.0.head.kernel_size", GONE, "head.kernel_size is missing"),
    (TALL, "config.layers.0.head.bias", "yes", "config.layers[0].head.bias is 'yes'"),
    (TALL, "config.layers.0.head.head_dilation", 0, "head.head_dilation is 0"),
    # LSTMs
    (LSTM, "config.input_size", GONE, "config.input_size is missing"),
    (LSTM, "config.input_size", 2, "config.input_size is 2: must be 1, in_channels"),
    (LSTM, "config.out_channels", 2, "weights has"),
    (LSTM, "config.hidden_size", 0, "config.hidden_size is 0"),
    (LSTM, "config.hidden_size", 100_000, "config.hidden_size is 100000"),
    (LSTM, "config.hidden_size", 4, "weights has"),
    (LSTM, "config.num_layers", -1, "config.num_layers is -1"),
    (LSTM, "config.num_layers", 1000, "config.num_layers is 1000"),
    (LSTM, "config.num_layers", 3, "weights has"),
    # containers
    (BOTH, "config.submodels", [], "config.submodels is a list of 0"),
    (BOTH, "config.submodels", GONE, "config.submodels is missing"),
    (BOTH, "config.submodels.0.max_value", GONE, "config.submodels[0].max_value is missing"),
    (BOTH, "config.submodels.0.max_value", 1.0, "config.submodels[1].max_value is 1.0: must be"),
    (BOTH, "config.submodels.1.max_value", 0.9, "config.submodels[1].max_value is 0.9"),
    (BOTH, "config.submodels.0.model", None, "config.submodels[0].model is None"),
    (BOTH, "config.submodels.0.model.version", "9.0.0", "config.submodels[0].model.version"),
    (BOTH, "config.submodels.1.model.weights", [], "config.submodels[1].model.weights has 0"),
    (
        BOTH,
        "config.submodels.1.model.sample_rate",
        44_100,
        "config.submodels[1].model.sample_rate is 44100: must be 48000",
    ),
    (
        BOTH,
        "config.submodels.1.model.config.layers.0.channels",
        0,
        "config.submodels[1].model.config.layers[0].channels is 0",
    ),
]
