"""Fixtures that more than one module uses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .rig.audiorig import AudioRig


@pytest.fixture(scope="module")
def audio_rig() -> Iterator[AudioRig]:
    """A virtual sound card at 16 kHz, of the module's own: a test may pull its plugs."""
    if missing := AudioRig.missing():
        pytest.skip(f"no virtual sound card: {missing}")
    with AudioRig() as rig:
        yield rig
