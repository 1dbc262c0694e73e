from __future__ import annotations

import json

import pytest

from robot_voice.events import Dismissed, Transcribed, TurnEnded
from robot_voice.service.ledger import STEPS, Ledger, Rejections, TurnRecord
from robot_voice.types import Transcript

from .fakes import FRAME, PATIENCE, World
from .virtual_time import run


def told(world: World) -> tuple[Ledger, list[TurnRecord]]:
    ended: list[TurnRecord] = []
    ledger = Ledger(on_end=ended.append)
    for event in world.events:
        ledger(event)
    return ledger, ended


def test_the_waterfall_counts_from_the_end_of_speech() -> None:
    async def scenario() -> None:
        world = World(asr_seconds=0.1, llm_seconds_to_first=0.3, tts_seconds=0.1)
        await world.user(0.5, 1.5, "hello there").run(until=6)
        _, (record,) = told(world)
        assert record.speech_end == pytest.approx(1.5, abs=2 * FRAME)
        assert list(record.steps) == sorted(record.steps, key=lambda step: record.steps[step])
        assert set(record.steps) == set(STEPS)
        assert record.steps["soft_end"] == pytest.approx(0.2, abs=FRAME)
        assert record.steps["transcript"] == pytest.approx(0.3, abs=2 * FRAME)
        assert record.steps["first_token"] == pytest.approx(0.62, abs=2 * FRAME)
        assert record.steps["commit"] == pytest.approx(PATIENCE.unknown, abs=2 * FRAME)
        assert record.steps["first_sample"] >= record.steps["commit"]
        entry = json.loads(json.dumps(record.to_json()))
        assert entry["transcript"]["text"] == "hello there"
        assert entry["reply"] == entry["heard"] == "You said hello there."
        assert entry["screened"][0]["action"] == "pass"
        assert entry["actions"] == [{"name": "noted", "arguments": {"text": "hello there"}}]
        assert entry["latency"]["patience"] == 600.0

    run(scenario())


def test_turns_that_never_were_are_forgotten() -> None:
    async def scenario() -> None:
        world = World().user(0.5, 1.5, "one and").user(2.3, 3.0, "two.").user(9.0, 9.5, "")
        await world.run(until=12)
        ledger, ended = told(world)
        assert [record.number for record in ledger.turns] == [2]
        assert len(ended) == 1

    run(scenario())


def test_it_keeps_the_latest_only() -> None:
    async def scenario() -> None:
        world = World()
        for n in range(6):
            world.user(0.5 + 5 * n, 1.0 + 5 * n, f"word{n}.")
        await world.run(until=40)
        ledger = Ledger(keep=2)
        for event in world.events:
            ledger(event)
        assert len(ledger.turns) == 2
        assert len([e for e in world.events if isinstance(e, TurnEnded)]) == 6

    run(scenario())


def test_rejections_are_counted_by_reason() -> None:
    rejections = Rejections()
    mumbled = Transcript("mumble", "en", 0.2)
    rejections(Transcribed(1.0, 1, mumbled, "ask", "unsure"))
    rejections(Transcribed(2.0, 2, mumbled, "ignore", "phantom"))
    rejections(Dismissed(2.0, 2, "phantom"))
    rejections(Dismissed(3.0, 3, "phantom"))
    rejections(Transcribed(4.0, 4, mumbled))
    assert rejections.counts == {"unsure": 1, "phantom": 2}
