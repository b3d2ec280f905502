"""The names that the file of a node needs, in one import: ``from ..runtime.authoring import ...``.

The same names are public as ``ng.*``; a node outside this package needs only ``import namgraph as
ng`` and NumPy.  Four groups:

* the description, called on a control thread: ``node``, ``Node``, ``param``, ``option``, ``file``,
  ``Port``, ``Kind``, ``Space``, ``Spec``, ``Io``, ``Processor``, ``ParamError``;
* the decorators: ``kernel`` makes the C function ``(state, ins, outs, frames)`` that the audio
  thread calls, ``helper`` a function that is inlined into kernels;
* inside kernels: ``record`` (the fields at an address), ``channel``, ``floats`` and ``numbers``
  (numbers at an address), ``channel_address``, ``copy_bytes``, ``call_node`` (another kernel, by
  its address), ``glide`` and ``decibels`` (parameters), ``beats_at``, ``frames_to_beat``,
  ``frame_at`` and ``tempo_at`` (the transport), ``scale``, ``amplify`` and ``add_to``
  (whole channels, vectorised), ``log2_run``, ``exp2_run`` and ``exp2_run32`` (logarithms and powers
  to base 2 of a run, vectorised), ``fir_run`` and ``fir_peak_run`` (FIR filters over a run,
  vectorised);
* for custom vector code: ``embed``, ``Lanes``, ``Value``, ``each``.

``glide_coefficient`` turns a time constant in seconds into the coefficient of ``glide``.
"""

from ..graph import (
    Io,
    Kind,
    Node,
    ParamError,
    Port,
    Processor,
    Space,
    Spec,
    file,
    option,
    param,
)
from ..graph.node import node
from .native.abi import Native, helper, kernel
from .native.pointers import (
    call_node,
    channel,
    channel_address,
    copy_bytes,
    floats,
    numbers,
    record,
)
from .plan.kernels.transport import beats_at, frame_at, frames_to_beat, tempo_at
from .simd.embed import embed
from .simd.lanes import Lanes, Value
from .simd.loops.fir import fir_peak_run, fir_run
from .simd.loops.log_exp import exp2_run, exp2_run32, log2_run
from .simd.scale import add_to, amplify, each, scale
from .simd.smoothing import decibels, glide, glide_coefficient, glide_step, ratio_step

__all__ = [
    "Io",
    "Kind",
    "Lanes",
    "Native",
    "Node",
    "ParamError",
    "Port",
    "Processor",
    "Space",
    "Spec",
    "Value",
    "add_to",
    "amplify",
    "beats_at",
    "call_node",
    "channel",
    "channel_address",
    "copy_bytes",
    "decibels",
    "each",
    "embed",
    "exp2_run",
    "exp2_run32",
    "file",
    "fir_peak_run",
    "fir_run",
    "floats",
    "frame_at",
    "frames_to_beat",
    "glide",
    "glide_coefficient",
    "glide_step",
    "helper",
    "kernel",
    "log2_run",
    "node",
    "numbers",
    "option",
    "param",
    "ratio_step",
    "record",
    "scale",
    "tempo_at",
]
