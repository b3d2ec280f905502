"""The ``namgraph`` command: every verb is one call elsewhere.

What the user got wrong is one line on stderr, ``namgraph: error: <what, found, allowed>``, and
exit code 2.  A traceback is a bug of ours.  Results go to stdout; progress goes to a terminal.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from ..graph import LONGEST_BLOCK, NamgraphError, ParamError
from ..graph.version import VERSION
from ..runtime.native.host import host_lanes
from .arguments import parser
from .console import Progress, complain, note, run, say, warn

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    return run(lambda: _run(argv))


def _run(argv: Sequence[str] | None) -> int | None:
    arguments = parser(
        VERSION,
        demo=_demo,
        render=_render,
        batch=_batch,
        info=_info,
        bench=_bench,
        live=_live,
        devices=_devices,
        verify=_verify,
        warm=_warm,
    ).parse_args(argv)
    host_lanes()  # refuses a wrong NAMGRAPH_LANES, whatever the verb
    verb: Any = arguments.verb
    code: int | None = verb(arguments)
    return code


def _demo(a: argparse.Namespace) -> None:
    from ..presets.render import counted_channels
    from .demo import demo

    with Progress("rendering") as progress:
        made = demo(a.output, plot=a.plot, warn=warn, progress=progress)
    if a.json:
        say(json.dumps({**asdict(made), "file": a.output, "plot": a.plot}))
        return
    sound = made.levels
    say(
        f"{a.output}: {sound.seconds:.1f} s, {counted_channels(sound.channels)}, "
        f"peak {sound.peak_db:.1f} dBFS, RMS {sound.rms_db:.1f} dBFS"
    )
    say(
        f"first sound {made.first_sound_s:.2f} s after the start, the whole in "
        f"{made.render_s:.2f} s ({sound.seconds / made.render_s:.0f} x real time)"
    )
    if a.plot:
        say(f"{a.plot}: the guitar and the rack")


def _render(a: argparse.Namespace) -> None:
    _check_render(a)
    from ..presets.render import counted_channels, render_file
    from ..presets.rig import open_rig

    rig = open_rig(
        a.rig, ir=a.ir, ir_layout=a.ir_layout, slim=a.slim, backend=a.backend, **_levels(a)
    )
    _tell_levels(rig)
    with Progress("rendering") as progress:
        sound = render_file(
            rig,
            a.input,
            a.output,
            resampled=a.resample,
            block=a.block,
            subtype=a.subtype,
            tail=a.tail,
            warn=warn,
            progress=progress,
        )
    say(
        f"{a.output}: {sound.seconds:.2f} s, {counted_channels(sound.channels)} "
        f"at {sound.rate:g} Hz, peak {sound.peak_db:.1f} dBFS, RMS {sound.rms_db:.1f} dBFS"
    )


def _batch(a: argparse.Namespace) -> int:
    from ..presets.batch.job import read_job
    from ..presets.batch.run import run_job

    job = read_job(a.job)
    with Progress("rendering") as progress:
        done = run_job(
            job,
            backend=a.backend,
            threads=a.threads,
            again=a.again,
            warn=warn,
            progress=progress,
        )
    faults = asdict(done.faults)
    if a.json:
        say(json.dumps(asdict(done)))
    else:
        there = f", {done.kept} were there" if done.kept else ""
        say(f"{done.made} files made, {done.seconds:.1f} s of sound{there}; see {done.manifest}")
    return int(a.strict and any(faults.values()))


def _check_block(block: int) -> None:
    if not 1 <= block <= LONGEST_BLOCK:
        raise ParamError(f"--block is {block}: must lie in [1, {LONGEST_BLOCK}]")


def _check_render(a: argparse.Namespace) -> None:
    """Refuse by name what this build does not do."""
    if a.threads != 1:
        raise ParamError(f"--threads is {a.threads}: one file is rendered by one thread; must be 1")
    if a.block is not None:
        _check_block(a.block)


def _info(a: argparse.Namespace) -> int:
    """Describe every file that can be; say of each that cannot, and of racks that cannot run."""
    from .info import describe, spelled

    found, faults = [], []
    for path in a.files:
        try:
            found.append(describe(path))
        except NamgraphError as error:
            faults.append(str(error))
    faults += [f"{f['file']}: cannot run: {f['cannot_run']}" for f in found if "cannot_run" in f]
    if a.json:
        say(json.dumps({"files": found, **({"errors": faults} if faults else {})}))
    elif found:
        say("\n".join(spelled(f) for f in found))
    for fault in faults:
        complain(fault)
    return 2 if faults else 0


def _bench(a: argparse.Namespace) -> None:
    _check_bench(a)
    if a.suite is not None:
        _bench_suite(a)
        return
    from ..presets.rig import open_rig
    from .bench import bench, spelled

    block = 64 if a.block is None else a.block
    _check_block(block)
    rig = open_rig(a.rig, ir=a.ir, ir_layout=a.ir_layout, slim=a.slim, backend=a.backend)
    with Progress("measuring") as progress:
        seconds = 10.0 if a.seconds is None else a.seconds
        found = bench(rig, block=block, seconds=seconds, progress=progress)
    say(json.dumps(found) if a.json else spelled(found))


def _bench_suite(a: argparse.Namespace) -> None:
    from .benchmarks import SUITES, listed, measure

    if a.suite == "list":
        say(json.dumps({"suites": SUITES}) if a.json else listed())
        return

    def tell(text: str) -> None:
        if not a.json:
            say(text)
            sys.stdout.flush()  # into a pipe too: a suite takes minutes

    found = measure(a.suite, quick=a.quick, output=a.output, said=tell)
    if a.json:
        say(json.dumps(found))


def _check_bench(a: argparse.Namespace) -> None:
    """Refuse options that would do nothing, and a command that names nothing to measure."""
    if a.suite is None:
        if a.rig is None:
            raise ParamError("bench: nothing to measure: give a RIG, or --suite NAME (list: which)")
        idle = ["--quick"] * a.quick + ["--output"] * (a.output is not None)
        if idle:
            raise ParamError(f"{idle[0]} goes with --suite: must be left out for a RIG")
        return
    given = ("rig", "ir", "slim", "backend", "block", "seconds")
    idle = [n for n in given if getattr(a, n) is not None]
    if a.suite == "list":
        idle += ["quick"] * a.quick + ["output"] * (a.output is not None)
    if idle:
        name = "RIG" if idle[0] == "rig" else f"--{idle[0]}"
        raise ParamError(f"{name} does nothing with --suite {a.suite}: must be left out")


def _live(a: argparse.Namespace) -> None:
    from ..presets.rig import open_rig
    from .live import live

    options = {"backend": a.backend, "resample": a.resample or None, **_levels(a)}
    rig = open_rig(a.rig, ir=a.ir, ir_layout=a.ir_layout, slim=a.slim, **options)
    _tell_levels(rig)
    live(rig, a, warn)


def _devices(a: argparse.Namespace) -> None:
    from .live import list_devices

    say(list_devices(a.json))


def _verify(a: argparse.Namespace) -> int:
    from .verify.null_test import verify
    from .verify.report import spelled

    if a.plot is not None:
        from ..presets.bundled import DEMO_DI, asset
        from .verify.plot import check_plot, plot

        reads = {a.input or asset(DEMO_DI): "the input", a.against or "": "the reference"}
        check_plot(a.plot, a.against, {**reads, a.model: "the model"})
    slim = 1.0 if a.slim is None else a.slim
    with Progress("verifying") as progress:
        found = verify(
            a.model,
            against=a.against,
            source=a.input,
            slim=slim,
            tolerance=a.tolerance,
            progress=progress,
        )
    if a.plot is not None:
        plot(found, a.plot)
    say(json.dumps(found.values()) if a.json else spelled(found.values()))
    return 0 if found.holds else 1


def _levels(a: argparse.Namespace) -> dict[str, Any]:
    """Return the options about levels as ``open_rig`` takes them."""
    return {
        "levels": a.levels,
        "interface_dbu": a.interface_dbu,
        "calibrate_input": a.calibrate_input or None,
    }


def _tell_levels(rig: Any) -> None:
    """Say which gains follow from the models' files, where any were asked for."""
    from ..presets.rig import format_levels

    said = format_levels(rig.graph, missing=False)  # of which building the graph warns
    if said:
        note(f"levels: {said}")


def _warm(a: argparse.Namespace) -> None:
    from .warm import warm

    with Progress("compiling") as progress:
        done = warm(progress)
    say(f"{done.functions} native functions ready, {done.racks} racks built, {done.seconds:.1f} s")


if __name__ == "__main__":
    sys.exit(main())
