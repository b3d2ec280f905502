"""Graph descriptions: nodes, ports, connections, and the schedules they compile to.

    errors      the tree of exceptions
    arguments   argument checks that name the argument
    port        Port, Kind, Space
    node        Param, Option, Node, the decorator ``node``, the registry of node types
    catalog     categories and descriptions of node types; the table that ``node_types`` returns
    prepare     Spec, Io, Memory, Processor: the interface between a node and the runtime
    connection  PortRef, Connection, Modulation; Handle (``a >> b``)
    graph       Graph
    check       checks of names, channel counts and ports
    silent      nodes without input, nodes without output, unconnected ends
    paths       path arguments; Content, which nodes take in place of the path of a file
    json_text   JSON parser with limits; values formatted for messages
    text        control characters escaped
    extras      ``pip install`` commands for optional packages
    version     version number of the package
    scheduling  order, channels, latency, buffer sharing, ``Graph + Spec -> Schedule``
    drawing     graphs as SVG and Mermaid

Everything here runs on control threads and works on names and integers: no sample arrays, no
threads, no device.  The decorator ``node`` is ``namgraph.graph.node.node`` (and ``ng.node``): a
second ``node`` in this package would hide the module.
"""

from typing import TYPE_CHECKING

from .catalog.lazy_import import lazy_names
from .catalog.metadata import CATEGORIES
from .catalog.table import NodeTypes, node_type, node_types
from .connection import Connection, Handle, Modulation, PortRef
from .editing.snapshots import SLOTS, DryWet, Snapshot
from .editing.values import TEMPO, TEMPO_RANGE
from .errors import (
    AudioFileError,
    ChannelsWarning,
    CudaError,
    CycleError,
    DuplicateNameError,
    EngineError,
    FileError,
    GraphError,
    GraphWarning,
    JobError,
    KernelError,
    NamFileError,
    NamgraphError,
    ParamError,
    PortError,
    PresetError,
    UnknownNameError,
)
from .graph import Graph
from .node import (
    Node,
    Option,
    Param,
    file,
    option,
    param,
)
from .opening.openers import (
    GraphSource,
    as_graph,
    bundled_presets,
    graph_of,
    open_graph,
    save_graph,
    with_cabinet,
)
from .paths import Content
from .port import Kind, Port, Space
from .prepare import CUT_GRID, LONGEST_BLOCK, Io, Memory, NativeFunction, Processor, Spec
from .scheduling.schedule import Buffer, Op, Schedule, schedule, tail, unshared_schedule

__all__ = [
    "CATEGORIES",
    "CUT_GRID",
    "LONGEST_BLOCK",
    "SLOTS",
    "TEMPO",
    "TEMPO_RANGE",
    "AudioFileError",
    "Buffer",
    "ChannelsWarning",
    "Connection",
    "Content",
    "CudaError",
    "CycleError",
    "DryWet",
    "DuplicateNameError",
    "EngineError",
    "FileError",
    "Graph",
    "GraphError",
    "GraphSource",
    "GraphWarning",
    "Handle",
    "Io",
    "JobError",
    "KernelError",
    "Kind",
    "Memory",
    "Modulation",
    "NamFileError",
    "NamgraphError",
    "NativeFunction",
    "Node",
    "NodeTypes",
    "Op",
    "Option",
    "Param",
    "ParamError",
    "Port",
    "PortError",
    "PortRef",
    "PresetError",
    "Processor",
    "Schedule",
    "Snapshot",
    "Space",
    "Spec",
    "UnknownNameError",
    "as_graph",
    "bundled_presets",
    "draw",
    "file",
    "graph_of",
    "mermaid",
    "node_type",
    "node_types",
    "open_graph",
    "option",
    "param",
    "save_graph",
    "schedule",
    "svg",
    "tail",
    "unshared_schedule",
    "with_cabinet",
]

if TYPE_CHECKING:
    from .drawing.draw import draw
    from .drawing.mermaid import mermaid
    from .drawing.svg import svg
else:
    __getattr__, __dir__, _ = lazy_names(
        __name__,
        {".drawing.draw": ["draw"], ".drawing.mermaid": ["mermaid"], ".drawing.svg": ["svg"]},
    )
