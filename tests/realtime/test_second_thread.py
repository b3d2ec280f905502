"""An engine that a stream plays is not played by another thread at the same time."""

import numpy as np
import pytest

import namgraph as ng


def test_process_is_refused_while_a_stream_plays() -> None:
    x = np.ones(64, np.float32)
    with ng.NullStream(ng.Gain(), sample_rate=48_000) as stream:
        with pytest.raises(ng.EngineError, match="a stream plays this engine: stop it first"):
            stream.engine.process(x)
        stream.stop()
        np.testing.assert_array_equal(stream.engine.process(x), x)
