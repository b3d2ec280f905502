"""Graph descriptions: nodes, ports, connections, and the schedules they compile to.

    errors      the tree of exceptions
    arguments   argument checks that name the argument
    port        Port, Kind, Space
    node        Param, Node, the decorator ``node``, the registry of node types
    prepare     Spec, Io, Memory, Processor: the interface between a node and the runtime
    connection  PortRef, Connection; Handle (``a >> b``)
    graph       Graph
    check       checks of names, channel counts and ports
    silent      nodes without input, nodes without output, unconnected ends
    paths       path arguments
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

from .connection import Connection, Handle, PortRef
from .drawing.draw import draw
from .drawing.mermaid import mermaid
from .drawing.svg import svg
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
from .graph import Graph, as_graph
from .node import (
    Node,
    Param,
    file,
    node_type,
    node_types,
    option,
    param,
)
from .port import Kind, Port, Space
from .prepare import LONGEST_BLOCK, Io, Memory, NativeFunction, Processor, Spec
from .scheduling.schedule import Buffer, Op, Schedule, schedule, tail, unshared_schedule

__all__ = [
    "LONGEST_BLOCK",
    "AudioFileError",
    "Buffer",
    "ChannelsWarning",
    "Connection",
    "CudaError",
    "CycleError",
    "DuplicateNameError",
    "EngineError",
    "FileError",
    "Graph",
    "GraphError",
    "GraphWarning",
    "Handle",
    "Io",
    "JobError",
    "KernelError",
    "Kind",
    "Memory",
    "NamFileError",
    "NamgraphError",
    "NativeFunction",
    "Node",
    "Op",
    "Param",
    "ParamError",
    "Port",
    "PortError",
    "PortRef",
    "PresetError",
    "Processor",
    "Schedule",
    "Space",
    "Spec",
    "UnknownNameError",
    "as_graph",
    "draw",
    "file",
    "mermaid",
    "node_type",
    "node_types",
    "option",
    "param",
    "schedule",
    "svg",
    "tail",
    "unshared_schedule",
]
