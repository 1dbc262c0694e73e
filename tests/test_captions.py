"""What is certain while the user still speaks."""

from __future__ import annotations

import random
from itertools import pairwise

from robot_voice.asr.agreement import LocalAgreement
from robot_voice.captions import EVERY_SECONDS, FIRST_SECONDS
from robot_voice.events import Captioned, Committed, UserStarted

from .fakes import World
from .virtual_time import run


def test_what_two_hearings_agree_on_is_certain() -> None:
    agreement = LocalAgreement()
    assert agreement.push("I would lie") == ("", "I would lie")
    assert agreement.push("I would like") == ("I would", "like")
    assert agreement.push("I would like, a cup") == ("I would like,", "a cup")
    assert agreement.push("I would like a cup of tea") == ("I would like a cup", "of tea")


def test_what_was_certain_stays() -> None:
    agreement = LocalAgreement()
    agreement.push("turn to the left")
    assert agreement.push("turn to the left now") == ("turn to the left", "now")
    assert agreement.push("burn the") == ("turn to the left", "")
    assert agreement.push("turn to the left and go on")[0] == "turn to the left"


def test_korean_words_and_chinese_characters() -> None:
    korean, chinese = LocalAgreement(), LocalAgreement()
    korean.push("불 좀 켜")
    assert korean.push("불 좀 켜 줘") == ("불 좀 켜", "줘")
    chinese.push("请开")
    assert chinese.push("请开灯") == ("请开", "灯")


def test_agreement_by_dice() -> None:
    dice = random.Random(4)
    vocabulary = [
        "turn",
        "left",
        "right",
        "go",
        "to",
        "the",
        "kitchen",
        "please",
        "now",
        "stop",
        "불",
        "켜",
        "줘",
    ]
    for _ in range(300):
        said = dice.choices(vocabulary, k=12)
        agreement, before = LocalAgreement(), ""
        for length in range(1, 13):
            hearing = said[:length]
            if dice.random() < 0.5:
                hearing[-1] = "eh"  # the end is cut off
            stable, rest = agreement.push(" ".join(hearing))
            assert stable.startswith(before)
            assert " ".join(said).startswith(stable) or "eh" in stable
            assert len(f"{stable} {rest}".split()) <= max(length, len(stable.split()))
            before = stable


def long_talk() -> World:
    world = World(asr_seconds=0.2, llm_seconds_to_first=0.1)
    for n, word in enumerate(["could", "you", "please", "bring", "me", "the", "red", "cup"]):
        world.user(0.5 + 0.6 * n, 1.1 + 0.6 * n, word)
    return world


def test_long_speech_is_captioned_and_read_in_advance() -> None:
    async def scenario() -> None:
        world = long_talk()
        await world.run(until=12)
        captions = [event for event in world.events if isinstance(event, Captioned)]
        (started,) = world.of(UserStarted)
        (committed,) = world.of(Committed)
        assert len(captions) >= 2
        assert started.at + FIRST_SECONDS <= captions[0].at
        assert all(caption.at < committed.at for caption in captions)
        gaps = [b.at - a.at for a, b in pairwise(captions)]
        assert min(gaps) >= EVERY_SECONDS
        stable = [caption.stable for caption in captions]
        assert all(b.startswith(a) for a, b in pairwise(stable))
        assert "could you please bring me the red cup".startswith(stable[-1])
        assert stable[-1]
        assert world.prepared == [text for text in dict.fromkeys(stable) if text]

    run(scenario())


def test_a_short_utterance_has_no_caption() -> None:
    async def scenario() -> None:
        world = World().user(0.5, 2.2, "hello there")
        await world.run(until=6)
        assert world.of(Captioned) == []

    run(scenario())


def test_a_recogniser_that_is_slow_rests_between_captions() -> None:
    async def scenario() -> None:
        world = World(asr_seconds=1.0)
        for n in range(20):
            world.user(0.5 + n, 1.5 + n, f"word{n}")
        await world.run(until=40)
        captions = world.of(Captioned)
        gaps = [b.at - a.at for a, b in pairwise(captions)]
        assert gaps
        assert min(gaps) >= 4.0 - 1e-6  # as long as it took, and three times that

    run(scenario())


def test_the_model_is_not_disturbed_while_the_robot_speaks() -> None:
    async def scenario() -> None:
        world = World(reply=lambda text: "a very long story " * 20)
        world.user(0.5, 1.5, "tell me a story")
        for n, word in enumerate(["well", "I", "would", "rather", "hear", "another", "one"]):
            world.user(6 + 0.7 * n, 6.7 + 0.7 * n, word)
        await world.run(until=60)
        captions = [event for event in world.events if isinstance(event, Captioned)]
        assert captions
        assert world.prepared == []

    run(scenario())


def test_a_caption_whose_hearing_fails_is_left_out() -> None:
    async def scenario() -> None:
        world = long_talk()
        hearings = 0

        def mishap(engine: str) -> bool:
            nonlocal hearings
            hearings += engine == "asr"
            return engine == "asr" and hearings == 1

        world.mishap = mishap
        await world.run(until=12)
        assert len(world.turns()) == 1
        assert world.turns()[0].finished
        assert world.of(Captioned)

    run(scenario())
