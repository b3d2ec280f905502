"""Trains the shipped models on the simulated amplifiers and writes them as `.nam` files.

`python -m namgraph.presets.assets.recipes.train wavenet` or `... lstm` trains, keeps the best
weights of the held-back playing in a checkpoint folder and writes the file into the current folder;
`--amplifier clean` or `highgain` takes another amplifier of `circuits` than the crunch one.
`... export` writes again from all checkpoints, `... check` compares files and networks.
Needs PyTorch; everything is seeded. Optimiser: Adam (Kingma and Ba 2015, arXiv 1412.6980) with a
cosine learning rate (Loshchilov and Hutter 2017, arXiv 1608.03983); the LSTM is trained on short
stretches after an unscored run-in (Wright et al. 2020, "Real-Time Guitar Amplifier Emulation with
Deep Learning", Applied Sciences 10(3)).
"""

from __future__ import annotations

import argparse
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import networks, oracle
from .amplifier import process
from .circuits import AMPLIFIERS
from .export import loudness_and_gain, lstm_config, wavenet_config, write
from .guitar import phrase
from .practice import practice

if TYPE_CHECKING:
    import torch

    State = tuple[torch.Tensor, torch.Tensor]

Signal = npt.NDArray[np.float64]
Params = dict[str, Any]

TRAIN_SEED, HELD_BACK_SEED = 11, 12
HELD_BACK_SECONDS = 20.0
LEVEL = 10.0 ** (-18.0 / 20.0)  # RMS of the training target; undone by the exporter
EMPHASIS = 0.95  # first-difference weighting of the second loss term (Wright and Valimaki 2020)
EMPHASIS_SHARE = 0.1
TONES = {"crunch": "crunch", "clean": "clean", "highgain": "hi gain"}  # as the trainer writes them


@dataclass(frozen=True)
class Plan:
    """How one network is trained."""

    steps: int
    batch: int
    segment: int  # scored samples per example: small, so that a step stays in the cache
    run_in: int  # unscored samples in front of them
    rate: float
    chain: int = 1  # steps that follow each other in the audio and hand on the LSTM's state
    check_every: int = 200
    seed: int = 1


PLANS = {
    "wavenet": Plan(10_000, 4, 12_288, networks.REACH, 6e-3),
    "lstm": Plan(40_000, 32, 1024, 1024, 6e-3, chain=8, check_every=500),
}


def _loss(y: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    """Return squared error over the training level, plus a share of the pre-emphasised error."""
    e = y - t
    bright = e[:, 1:] - EMPHASIS * e[:, :-1]
    return ((e**2).mean() + EMPHASIS_SHARE / (1.0 - EMPHASIS) * (bright**2).mean()) / LEVEL**2


def _forward(
    kind: str, p: Params, x: torch.Tensor, run_in: int, state: State | None = None
) -> tuple[torch.Tensor, State | None]:
    """Return the scored part of the output for (batch, run_in + scored) inputs, and the state.

    A state that is handed in replaces the run-in of the LSTM; no gradient flows through it.
    """
    import torch

    if kind == "wavenet":
        return networks.wavenet(p, x), None
    if state is None:
        with torch.no_grad():
            _, state = networks.lstm(p, x[:, :run_in])
    y, (hidden, cell) = networks.lstm(p, x[:, run_in:], state)
    return y, (hidden.detach(), cell.detach())


def play(kind: str, p: Params, x: Signal, pieces: int = 48) -> Signal:
    """Return the network's output for long audio.

    The WaveNet result is exact. The LSTM is cut into pieces that run side by side, each with a
    quarter second of run-in: training needs this number every minute, not every hour.
    """
    import torch

    run_in = networks.REACH if kind == "wavenet" else 12_000
    count = 1 if kind == "wavenet" else pieces
    size = -(-x.size // count)
    padded = np.concatenate([np.zeros(run_in), x, np.zeros(size * count - x.size)])
    rows = np.stack([padded[k * size : k * size + run_in + size] for k in range(count)])
    with torch.no_grad():
        y, _ = _forward(kind, p, torch.from_numpy(rows.astype(np.float32)), run_in)
    out: Signal = y.numpy().astype(np.float64).ravel()[: x.size]
    return out


def train(kind: str, plan: Plan, seconds: float, folder: Path, name: str = "crunch") -> None:
    """Train on the amplifier `name` and keep the weights that did best on held-back playing."""
    import torch

    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    torch.manual_seed(plan.seed)
    source = practice(TRAIN_SEED, seconds)
    amp = AMPLIFIERS[name]
    target = process(source, amp)
    level = LEVEL / float(np.sqrt(np.mean(target**2)))
    held_x = practice(HELD_BACK_SEED, HELD_BACK_SECONDS)
    held_t = process(held_x, amp) * level
    x = torch.from_numpy(source.astype(np.float32))
    t = torch.from_numpy((target * level).astype(np.float32))

    layout = networks.wavenet_layout() if kind == "wavenet" else networks.lstm_layout()
    p = networks.initial(layout, plan.seed)
    optimiser = torch.optim.Adam(list(p.values()), lr=plan.rate)
    rng = np.random.default_rng(plan.seed)
    starts, state = np.zeros(plan.batch, dtype=np.int64), None
    best, began = math.inf, time.monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    for step in range(1, plan.steps + 1):
        cosine = 0.5 * (1.0 + math.cos(math.pi * step / plan.steps))
        rate = plan.rate * min(1.0, step / 100.0) * (0.004 + 0.996 * cosine)
        for group in optimiser.param_groups:
            group["lr"] = rate
        if (step - 1) % plan.chain == 0:
            last = x.numel() - plan.run_in - plan.chain * plan.segment
            starts, state = rng.integers(0, last, plan.batch), None
        span = plan.run_in + plan.segment
        xs = torch.stack([x[a : a + span] for a in starts])
        ts = torch.stack([t[a + plan.run_in : a + span] for a in starts])
        y, state = _forward(kind, p, xs, plan.run_in, state)
        loss = _loss(y, ts)
        starts = starts + plan.segment
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(list(p.values()), 1.0)
        optimiser.step()
        if step % plan.check_every == 0 or step == plan.steps:
            value = oracle.esr(play(kind, p, held_x), held_t)
            mark = ""
            if value < best:
                best, mark = value, " *"
                arrays: dict[str, Any] = {k: v.detach().numpy() for k, v in p.items()}
                scratch = folder / f"{name}-{kind}.tmp.npz"
                np.savez(scratch, **arrays, level=level, step=step, esr=value)
                scratch.replace(folder / f"{name}-{kind}.npz")
            print(f"{name}-{kind} {step:6d} {time.monotonic() - began:7.0f} s  "
                  f"loss {loss.item():.5f}  held-back ESR {value:.5f}{mark}",
                  flush=True)  # fmt: skip


def _restore(kind: str, folder: Path, name: str) -> tuple[Params, float]:
    """Return the best weights of a training run and the level its target was scaled by."""
    import torch

    torch.set_flush_denormal(True)
    with np.load(folder / f"{name}-{kind}.npz") as data:
        level = float(data["level"])
        skip = ("level", "step", "esr")
        return {k: torch.from_numpy(data[k]) for k in data.files if k not in skip}, level


def export(kind: str, folder: Path, path: Path, name: str = "crunch") -> None:
    """Write the best weights as a `.nam` file with its figures, all taken from the file itself."""
    p, level = _restore(kind, folder, name)
    names = list(p)
    if kind == "wavenet":
        scale = float(np.float32(networks.HEAD_SCALE / level))
        weights = np.append(networks.flat(p, names), np.float32(scale))
        architecture, config = "WaveNet", wavenet_config(scale)
    else:
        import torch

        with torch.no_grad():  # the file starts in the state that one second of silence leaves
            _, (hidden, cell) = networks.lstm(p, torch.zeros(1, 48_000))
        p["head"], p["offset"] = p["head"] / level, p["offset"] / level
        p["hidden"], p["cell"] = hidden, cell
        weights = networks.flat(p, ["gates", "bias", "hidden", "cell", "head", "offset"])
        architecture, config = "LSTM", lstm_config()
    amp = AMPLIFIERS[name]
    shape = "A2-Lite shape" if kind == "wavenet" else "LSTM 1x16"
    title = f"namgraph {TONES[name]} ({shape})"
    about = {"name": title, "tone_type": TONES[name].replace(" ", "_")}
    write(path, architecture, config, weights, about)

    held_x = practice(HELD_BACK_SEED, HELD_BACK_SECONDS)
    held = oracle.esr(oracle.run(path, held_x), process(held_x, amp))
    x = phrase()
    unseen = oracle.esr(oracle.run(path, x), process(x, amp))
    loudness, gain = loudness_and_gain(lambda clip: oracle.run(path, clip))
    figures = {"loudness": loudness, "gain": gain, "training": {"validation_esr": held}}
    write(path, architecture, config, weights, {**about, **figures})
    print(f"{path.name}: {weights.size} weights, held-back ESR {held:.5f}, phrase ESR "
          f"{unseen:.5f}, loudness {loudness:.2f} dB, gain {gain:.3f}")  # fmt: skip


def check(kind: str, folder: Path, path: Path, name: str = "crunch") -> None:
    """Fail unless the file, read by the oracle, sounds as the trained network to 1e-5 of peak."""
    import torch

    p, level = _restore(kind, folder, name)
    x = np.concatenate([phrase()[96_000:168_000], practice(HELD_BACK_SEED, 1.0)])
    y = oracle.run(path, x)
    with torch.no_grad():
        if kind == "wavenet":
            z = play(kind, p, x)
        else:
            _, state = networks.lstm(p, torch.zeros(1, 48_000))
            z = networks.lstm(p, torch.from_numpy(x.astype(np.float32))[None], state)[0].numpy()[0]
    error = float(np.max(np.abs(y - z / level)) / np.max(np.abs(y)))
    silence = float(np.max(np.abs(oracle.run(path, np.zeros(4800)))))
    print(f"{path.name}: file and network differ by {error:.1e} of peak; "
          f"{silence:.1e} on silence")  # fmt: skip
    if error > 1e-5:
        raise SystemExit(f"{path.name} does not match the network it was written from")


def main() -> None:
    """Read the command line and train, export or check."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("what", choices=["wavenet", "lstm", "export", "check"])
    parser.add_argument("--amplifier", choices=list(AMPLIFIERS), help="(crunch)")
    parser.add_argument("--checkpoints", type=Path, default=Path("checkpoints"))
    parser.add_argument("--seconds", type=float, default=180.0, help="training audio")
    parser.add_argument("--steps", type=int, help="instead of the planned number")
    parser.add_argument("--seed", type=int, default=1, help="of the weights and the batches")
    args = parser.parse_args()
    folder = args.checkpoints
    if args.what in PLANS:
        todo = [(args.amplifier or "crunch", args.what)]
        plan = PLANS[args.what]
        plan = Plan(**{**vars(plan), "seed": args.seed, "steps": args.steps or plan.steps})
        train(args.what, plan, args.seconds, folder, todo[0][0])
    else:
        names = [args.amplifier] if args.amplifier else list(AMPLIFIERS)
        pairs = [(name, kind) for name in names for kind in PLANS]
        todo = [pair for pair in pairs if (folder / "{}-{}.npz".format(*pair)).is_file()]
        if not todo:
            raise SystemExit(f"{folder}: holds no checkpoint of {', '.join(names)}: train first")
    for name, kind in todo:
        path = Path(f"{name}-{kind}.nam")
        if args.what != "check":
            export(kind, folder, path, name)
        check(kind, folder, path, name)


if __name__ == "__main__":
    main()
