"""The nodes of a graph in series, from its only input to its only output.  Control threads."""

from collections.abc import Iterator

from ...graph import Graph, GraphError, Kind, Node
from ...graph.text import counted

__all__ = ["ExportError", "nodes_in_series"]


class ExportError(GraphError):
    """A rack cannot be one .nam file: the message names the node and the reason."""


def nodes_in_series(graph: Graph) -> list[tuple[str, Node]]:
    """Return names and nodes in the order of the signal.

    ``ExportError`` unless the graph has one mono input and one output, every node one audio input
    and one output with one connection each, and nothing moves a parameter.
    """
    for moved in graph.modulations:
        raise ExportError(
            f"{moved.target.node}: {moved.source} moves its {moved.target.port}: a .nam has no"
            " control signals"
        )
    if len(graph.inputs) != 1 or len(graph.outputs) != 1:
        raise ExportError(
            f"the rack has {counted(len(graph.inputs), 'input')} and "
            f"{counted(len(graph.outputs), 'output')}: must have one each"
        )
    (begin, channels), (end, _) = *graph.inputs.items(), *graph.outputs.items()
    if channels != 1:
        raise ExportError(f"{begin}: the input has {channels} channels: must have 1")
    order = list(_walk(graph, begin, end))
    if beside := [name for name in graph.nodes if name not in dict(order)]:
        raise ExportError(f"{beside[0]}: is not in series with the others: must be one chain")
    return order


def _walk(graph: Graph, begin: str, end: str) -> Iterator[tuple[str, Node]]:
    here = begin
    while True:
        leaving = [c for c in graph.connections if c.source.node == here]
        if len(leaving) != 1:
            raise ExportError(
                f"{here}: {len(leaving)} connections lead on from it: must be one, as in a chain"
            )
        here = leaving[0].target.node
        entering = [c for c in graph.connections if c.target.node == here]
        if len(entering) != 1:
            raise ExportError(
                f"{here}: {len(entering)} signals are added up at its input: must be one, as in a"
                " chain"
            )
        if here == end:
            return
        node = graph.nodes[here]
        for side, ports in (("input", node.inputs), ("output", node.outputs)):
            if len(ports) != 1 or ports[0].kind is not Kind.AUDIO:
                raise ExportError(
                    f"{here}: has {len(ports)} {side}s: must have one audio {side}, as in a chain"
                )
        yield here, node
