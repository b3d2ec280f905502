"""Descriptions: nodes, graphs, and the schedules they compile to.  Holds no samples.

    errors     what can go wrong, as one tree
    arguments  checks of what callers pass
    node       Port, Param, Node and the registry of node types
    prepare    Spec, Io, Processor: what passes between a node and the runtime
    graph      Graph: names and connections
    order      in which order nodes may run
    handle     PortRef, Connection; Handle: ``a >> b``
    check      what a graph refuses
    silent     what gets no input, or is heard nowhere
    channels   how many channels every port has
    balance    latency and tail
    liveness   which values may share a buffer
    schedule   Graph + Spec -> Schedule
    json_text  JSON from outside: parsed with suspicion, and shown in messages
    layout     where each box of a picture goes
    svg, draw  pictures: SVG and Mermaid
    version    of the package

Nothing here makes an array, starts a thread or touches a device.
"""

from .connection import Connection, Handle, PortRef
from .drawing.draw import draw
from .drawing.mermaid import mermaid
from .drawing.svg import svg
from .errors import (
    AudioFileError,
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
    node,
    node_type,
    node_types,
    option,
    param,
)
from .port import Kind, Port, Space
from .prepare import LONGEST_BLOCK, Io, Memory, NativeFunction, Processor, Spec
from .scheduling.schedule import Buffer, Op, Schedule, schedule, tail, values

__all__ = [
    "LONGEST_BLOCK",
    "AudioFileError",
    "Buffer",
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
    "node",
    "node_type",
    "node_types",
    "option",
    "param",
    "schedule",
    "svg",
    "tail",
    "values",
]
