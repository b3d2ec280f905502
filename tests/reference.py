"""Folders of public models and of renders by other programs; marks for tests that need them.

They are not part of this repository.  They are read from ``../shared/models`` next to it; without
that folder the tests are skipped.
"""

from pathlib import Path

import pytest

__all__ = ["MODELS", "PLUGIN", "needs_models", "needs_plugin"]

MODELS = Path(__file__).resolve().parents[2] / "shared" / "models"
"""NAM files, and in ``ref`` what NeuralAmpModelerCore plays for ``ref/input.f32``."""
PLUGIN = MODELS / "dsp"
"""Renders of the NAM plugin's gate and tone stack."""

needs_models = pytest.mark.skipif(
    not (MODELS / "ref").is_dir(), reason=f"no reference models at {MODELS}"
)
needs_plugin = pytest.mark.skipif(
    not PLUGIN.is_dir(), reason=f"no renders of the NAM plugin at {PLUGIN}"
)
