"""Manners: what must hold in every conversation, tried on many made-up ones."""

from __future__ import annotations

import asyncio
import random

import pytest

from robot_voice.events import (
    ActionSubmitted,
    Committed,
    Dismissed,
    Failed,
    SentenceScreened,
    Transcribed,
    UserPaused,
    Withdrawn,
)
from robot_voice.types import Verdict

from .fakes import FRAME, FakeSpeaker, World, letters
from .virtual_time import run

REACTION = 0.09 + 2 * FRAME
"""Seconds of speech needed before the robot can know that the user speaks."""


def sounded(world: World) -> float:
    return sum(ended - begun for begun, ended in world.speaker.sounded)


def committed_sound(world: World) -> float:
    """Seconds of sound of all that was screened in turns that were committed, and of apologies."""
    committed = {event.turn for event in world.events if isinstance(event, Committed)}
    texts = [
        e.sentence.text
        for e in world.events
        if isinstance(e, SentenceScreened) and e.turn in committed
    ]
    texts += ["Sorry."] * len(world.of(Failed))
    texts += ["Pardon?"] * sum(
        isinstance(e, Transcribed) and e.verdict == "ask" and e.turn in committed
        for e in world.events
    )
    return sum(map(letters, texts)) * world.speech_seconds_per_letter


def made_up(seed: int) -> tuple[World, float]:
    dice = random.Random(seed)
    world = World(
        reply=lambda text: " ".join(f"About {text[:20]} I say number {n}." for n in range(6)),
        asr_seconds=dice.choice([0.02, 0.1, 0.3, 0.9]),
        llm_seconds_to_first=dice.choice([0.02, 0.1, 0.4, 1.5]),
        tts_seconds=dice.choice([0.02, 0.2]),
        fails=dice.choice(["", "", "", "", "", "llm", "tts", "screen"]),
        max_seconds=dice.choice([4.0, 25.0, 25.0]),
    )
    at = 0.5
    for n in range(dice.randint(1, 7)):
        length = dice.uniform(0.3, 2.5)
        ending = dice.choice(["", ".", "?", " and", ","])
        words = "" if n and dice.random() < 0.3 else f"word{n}{ending}"
        world.user(at, at + length, words)
        at += length + dice.choice([dice.uniform(0.25, 1.0), dice.uniform(0.7, 4.0)])
    return world, at + 40


@pytest.mark.parametrize("seed", range(400))
def test_manners(seed: int) -> None:
    async def scenario() -> None:
        world, until = made_up(seed)
        conversation = await world.run(until)

        # The robot never talks over the user.
        for start, end, _ in world.says:
            for begun, ended in world.speaker.sounded:
                assert min(end, ended) - max(start + REACTION, begun) < 1e-6, (start, begun)

        # It remembers every word the user said, in order, and nothing else.
        said = [words for _, _, words in world.says if words]
        users = " ".join(m.text for m in conversation.messages() if m.role == "user")
        assert users == " ".join(said)

        # It acts on every committed word, once, and on nothing else.
        assert " ".join(world.acted) == " ".join(said)
        assert len(world.of(ActionSubmitted)) == len(world.of(Committed))

        # Every turn that begins is committed, withdrawn or dismissed.
        endings = len(world.of(Committed)) + len(world.of(Withdrawn)) + len(world.of(Dismissed))
        assert len(world.of(UserPaused)) == endings
        assert len(world.turns()) == len(world.of(Committed))

        # It finishes its answer once it is left alone.
        assert world.turns()[-1].finished or world.fails
        assert world.turns()[-1].heard

        # Nothing of a turn that was withdrawn is heard.
        assert sounded(world) <= committed_sound(world) + 1e-6

        # It claims to have said no more than was heard, to within a word a turn.
        seconds = sounded(world)
        claimed = sum(letters(turn.heard) for turn in world.turns())
        assert claimed * world.speech_seconds_per_letter <= seconds + 0.6 * len(world.turns())

    run(scenario())


def wild(seed: int) -> tuple[World, float, random.Random]:
    """A world in which anything fails at any moment, and recognition changes its mind."""
    dice = random.Random(seed)
    trouble = dice.choice([0.0, 0.1, 0.3])
    odds = {"asr": trouble, "llm": trouble / 6, "screen": trouble / 3, "tts": trouble / 4}
    sentences = dice.choice([1, 6, 12])

    def doubts() -> Verdict:
        return "ask" if dice.random() < 0.5 else "ignore"

    world = World(
        reply=lambda text: " ".join(f"About {text[:20]} I say {n}." for n in range(sentences)),
        asr_seconds=dice.choice([0.01, 0.1, 0.5, 3.0]),
        llm_seconds_to_first=dice.choice([0.0, 0.05, 0.5, 3.0]),
        tts_seconds=dice.choice([0.02, 0.2]),
        mishap=lambda engine: dice.random() < odds[engine],
        unheard=lambda utterance: dice.random() < trouble,
        believed=lambda text: "accept" if dice.random() >= trouble else doubts(),
        max_seconds=dice.choice([2.0, 4.0, 25.0]),
        speaker=FakeSpeaker(buffer=dice.choice([0.3, 4.0])),
    )
    at = 0.5
    for n in range(dice.randint(1, 7)):
        length = dice.uniform(0.2, 3.0)
        world.user(at, at + length, dice.choice(["", f"w{n}", f"w{n}.", f"w{n} and"]))
        at += length + dice.choice([dice.uniform(0.25, 1.0), dice.uniform(0.7, 6.0)])
    return world, dice.choice([at + 60, at + 60, dice.uniform(0.5, at)]), dice


@pytest.mark.parametrize("seed", range(300))
def test_manners_in_trouble(seed: int) -> None:
    async def scenario() -> None:
        world, until, dice = wild(seed)
        pipeline, conversation = world.pipeline(until)

        async def meddle() -> None:
            for _ in range(dice.choice([0, 0, 1, 4])):
                await asyncio.sleep(dice.uniform(0, until / 2))
                await pipeline.interrupt()
                assert pipeline.idle

        cancelled = dice.random() < 0.25
        async with asyncio.timeout(until + 400), asyncio.TaskGroup() as tasks:
            meddling = tasks.create_task(meddle())
            running = tasks.create_task(pipeline.run())
            if cancelled:
                await asyncio.sleep(dice.uniform(0, until))
                running.cancel()
            await asyncio.wait([running])
            meddling.cancel()

        # Whatever happens, nothing is left open, held or half remembered.
        assert world.active == 0, "a stream was left open"
        assert len(world.turns()) == len(world.of(Committed))
        if not cancelled:
            assert pipeline.idle
            assert world.speaker.calls[-1:] != ["hold"]
        committed = " ".join(
            event.transcript.text
            for event in world.events
            if isinstance(event, Committed) and event.transcript.text
        )
        users = " ".join(m.text for m in conversation.messages() if m.role == "user")
        assert committed.endswith(users)
        assert world.acted == [
            event.transcript.text
            for event in world.events
            if isinstance(event, Committed) and event.transcript.text
        ]
        assert sounded(world) <= committed_sound(world) + 1e-6
        claimed = sum(letters(turn.heard) for turn in world.turns())
        allowance = 0.6 * len(world.turns())
        assert claimed * world.speech_seconds_per_letter <= sounded(world) + allowance

    run(scenario())
