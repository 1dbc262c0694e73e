"""Fixtures that more than one module uses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .rig.audiorig import AudioRig

LISTENS = "audio_rig"
"""Tests with this fixture hear and speak in real time, through a sound server."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give a test that listens in real time two more chances.

    The machines of CI are shared: a neighbour that takes both cores for half a second cuts a hole
    into what such a test hears, which is no fault of the code. Every retry is printed ("R"), and
    what fails three times is broken. Nothing else is ever retried.
    """
    for item in items:
        if LISTENS in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.flaky(reruns=2, reruns_delay=1))


@pytest.fixture(autouse=True, scope="session")
def no_pulled_models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What the owner of this machine has pulled, and the models have read, is nothing the tests
    should run on."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))
        environment.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def audio_rig() -> Iterator[AudioRig]:
    """A virtual sound card at 16 kHz, of the module's own: a test may pull its plugs."""
    if missing := AudioRig.missing():
        pytest.skip(f"no virtual sound card: {missing}")
    with AudioRig() as rig:
        yield rig
