"""Swaps of a hosted graph: which parameter values are kept, and the swap of one engine.

Control threads.
"""

import time
from collections.abc import Callable

from ....graph import TEMPO, DryWet, EngineError, Graph
from ....graph.editing.snapshots import mix_values
from ...engine.engine import Engine

__all__ = ["carry_over", "has_waiting_swaps", "swap_engine"]

MOST_SWAPS = 6
"""Swaps that may wait for blocks; an idle host plays none, and then the engines are built anew."""
TIMEOUT_S = 2.0


def carry_over(
    graph: Graph, current: Graph, before: Graph, keep_values: bool
) -> tuple[dict[str, float], dict[str, float]]:
    """Return the values of the nodes that stay, parameters and mixes, as now and as wanted.

    A node stays if it is equal in ``graph`` and ``current``, the graph that plays, apart from its
    parameters.  With ``keep_values`` those stay as set if the node is also equal to that of
    ``before``, the graph that plays as it was given; else the values of ``graph`` are wanted.  The
    same goes for its mix.
    """
    now, wanted = dict[str, float](), dict[str, float]()
    if graph.tempo_bpm == before.tempo_bpm:  # it stays as set; nodes have their own
        followers = [(n, node) for n, node in graph.nodes.items() if TEMPO in node.params()]
        now = {f"{n}.{TEMPO}": getattr(node, TEMPO) for n, node in followers}
        now[TEMPO] = current.tempo_bpm
    for name, node in graph.nodes.items():
        old = current.nodes.get(name)
        if old is None or type(old) is not type(node) or old.params() != node.params():
            continue  # nodes of one type may have other parameters: knobs of another capture
        values = {param: getattr(old, param) for param in old.params()}
        if node.with_params(values) != old:
            continue
        was, is_now, new = (g.mixes.get(name, DryWet()) for g in (before, current, graph))
        if is_now != new or new != DryWet():
            now |= mix_values({name: is_now})
            wanted |= mix_values({name: is_now if keep_values and new in (was, is_now) else new})
        stays = keep_values and node in (old, before.nodes[name])
        for param, value in values.items():
            now[f"{name}.{param}"] = value
            wanted[f"{name}.{param}"] = value if stays else getattr(node, param)
    return now, wanted


def has_waiting_swaps(engine: Engine) -> bool:
    """Return whether so many swaps wait for a block that the host must be idle."""
    return engine.queue.count_old_plans() >= MOST_SWAPS


def swap_engine(
    engine: Engine,
    graph: Graph,
    handle_messages: Callable[[], object],
    has_engines: Callable[[], bool],
) -> bool:
    """Post a swap to an engine, whether or not its host processes blocks now.

    Returns ``False``, and does nothing, if the host no longer has the engine.

    ``Engine.swap`` waits for a block of the audio thread where there is one.  A host's thread may
    be idle, so all messages are read first, by whichever thread does it first, and the engine then
    has nothing to wait for.  The caller holds the lock of all who post messages.
    """
    hosted = engine.queue.has_audio_thread
    deadline = time.monotonic() + TIMEOUT_S
    while hosted and engine.queue.waiting:
        if not has_engines():  # it waits for new engines
            return False
        handle_messages()
        if time.monotonic() > deadline:
            raise EngineError(f"messages were not read in {TIMEOUT_S:g} s: play on, then swap")
        time.sleep(0.0005)
    engine.queue.has_audio_thread = False
    try:
        engine.swap(graph)
    finally:
        engine.queue.has_audio_thread = hosted
    return True
