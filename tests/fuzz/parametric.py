"""Random models with knobs, of every dialect, small ones."""

import random
from collections.abc import Callable
from typing import Any

from ..nodes.nam.parametric.files import (
    SITES,
    Json,
    concat_lstm,
    concat_wavenet,
    film_a2,
    film_wavenet,
    hyper_wavenet,
    layer_array,
)

__all__ = ["parametric"]

KINDS = ("ReLU", "Tanh", "Sigmoid", "LeakyReLU", "SiLU", "Fasttanh")


def parametric(rng: random.Random) -> Json:
    """Return a file with as many weights as it needs."""
    makers: list[Callable[[random.Random, int], Json]] = [
        lambda rng, seed: concat_wavenet(seed, _layers(rng, films=False)),
        lambda rng, seed: concat_lstm(rng.randint(1, 9), rng.randint(1, 3), seed),
        _film,
        _hyper,
        _sizes,
    ]
    return rng.choice(makers)(rng, rng.randrange(1 << 20))


def _layers(rng: random.Random, films: bool) -> list[Json] | None:
    if rng.random() < 0.3:
        return None
    more: Json = {"activation": rng.choice(["Tanh", "ReLU", {"type": "LeakyReLU"}])}
    if rng.random() < 0.3:
        more["gating_mode"] = rng.choice(["gated", "blended"])
    if rng.random() < 0.2:
        more["layer1x1"] = {"active": False, "groups": 1}
    channels = rng.choice([1, 2, 4])
    for site in SITES[:6] if films else ():
        if rng.random() < 0.4 or site == "conv_post_film":
            more[site] = {"active": True, "shift": rng.random() < 0.5, "groups": 1}
    return [layer_array(channels, [rng.choice([1, 2, 30]) for _ in range(2)], **more)]


def _film(rng: random.Random, seed: int) -> Json:
    encoder: Any = None
    if rng.random() < 0.5:
        hidden = [rng.randint(1, 6) for _ in range(rng.randint(0, 2))]
        encoder = {"hidden_sizes": hidden, "out_features": 3, "activation": rng.choice(KINDS[:5])}
    return film_wavenet(seed, _layers(rng, films=True), encoder)


def _hyper(rng: random.Random, seed: int) -> Json:
    hidden = tuple(rng.randint(1, 6) for _ in range(rng.randint(0, 2)))
    return hyper_wavenet(seed, rng.choice(["full", "low_rank"]), hidden, rng.choice(KINDS[:5]))


def _sizes(rng: random.Random, seed: int) -> Json:
    if rng.random() < 0.6:
        return film_a2(rng.randint(1, 3), seed)
    rows = [
        {"max_value": most, "model": film_a2(channels, seed)}
        for most, channels in ((0.5, 1), (1.0, 2))
    ]
    made = {"version": "0.7.0", "architecture": "SlimmableContainer", "weights": []}
    return made | {"config": {"submodels": rows}, "sample_rate": 48_000}
