"""An interpreter between two people, in virtual time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import pytest

from robot_voice.build import Models, between_two, check_directions, translates
from robot_voice.config import Config, InterpretConfig
from robot_voice.conversation import Conversation
from robot_voice.errors import ConfigError
from robot_voice.events import Committed, Failed, SentenceScreened, SpeakingStarted, TurnEnded
from robot_voice.interpreter import WAITING, Interpreter, Translator
from robot_voice.models.registry import FoundModel
from robot_voice.types import SafeText, Transcript, Utterance
from robot_voice.vad.segmenter import Segmenter, SegmenterConfig

from .fakes import World
from .virtual_time import run

KOREAN = {"안녕": "Hello.", "고마워": "Thank you.", "배고파": "I am hungry. Very much so."}


@dataclass
class Between(World):
    """The fake world with an interpreter in it, who knows Korean to English only."""

    translation_seconds: float = 0.3

    async def run(self, until: float) -> Conversation:
        pipeline, conversation = self.pipeline(until)
        stages = replace(pipeline._stages, transcribe=self._in_two_languages)
        translator = Translator(
            target=lambda language: "en" if language == "ko" else "ko",
            translate=self._translate,
            supports=lambda source, target: (source, target) == ("ko", "en"),
            refusal=lambda language: (SafeText("I cannot.", language), self._sound("I cannot.")),
        )
        segmenter = Segmenter(SegmenterConfig(max_seconds=self.max_seconds))
        self.interpreter = Interpreter(
            stages, translator, segmenter, self.speaker, self.events.append
        )
        await self.interpreter.run()
        assert self.active == 0
        assert self.interpreter.idle
        return conversation

    async def _in_two_languages(self, utterance: Utterance) -> Transcript:
        heard = await self._transcribe(utterance)
        korean = any("가" <= letter <= "힣" for letter in heard.text)
        return replace(heard, language="ko" if korean else "en")

    @asynccontextmanager
    async def _translate(
        self, utterance: Utterance, said: Transcript, target: str
    ) -> AsyncGenerator[AsyncIterator[str]]:
        async def pieces() -> AsyncIterator[str]:
            await asyncio.sleep(self.translation_seconds)
            yield " ".join(KOREAN.get(word, "Something.") for word in said.text.split())

        yield pieces()


def test_what_one_says_is_said_in_the_others_language() -> None:
    async def scenario() -> None:
        world = Between().user(0.5, 1.2, "안녕")
        await world.run(until=6)
        (turn,) = world.turns()
        assert (turn.heard, turn.finished) == ("Hello.", True)
        (said,) = [e.sentence for e in world.events if isinstance(e, SentenceScreened)]
        assert said.language == "en"
        assert world.acted == []

    run(scenario())


def test_the_speaker_goes_on_while_it_is_spoken() -> None:
    async def scenario() -> None:
        world = Between().user(0.5, 1.2, "배고파").user(2.5, 5.0, "고마워")
        await world.run(until=12)
        assert [turn.heard for turn in world.turns()] == [KOREAN["배고파"], KOREAN["고마워"]]
        assert all(turn.finished for turn in world.turns())
        assert "hold" not in world.speaker.calls
        began, ended = world.speaker.sounded[0][0], world.turns()[0].at
        assert began < 5.0  # in the other's second sentence
        assert ended < world.spoke_at()[1]

    run(scenario())


def test_long_speech_is_translated_in_parts_meanwhile() -> None:
    async def scenario() -> None:
        world = Between(max_seconds=3.0)
        for n in range(12):
            world.user(0.5 + n, 1.5 + n, "고마워" if n % 2 else "안녕")
        await world.run(until=30)
        assert world.spoke_at()[0] < 8.0
        assert len(world.turns()) >= 4
        words = " ".join(turn.heard for turn in world.turns())
        assert words.count("Hello.") >= 6
        assert words.count("Thank you.") >= 6

    run(scenario())


def test_a_direction_nobody_knows_is_said_to_be_so() -> None:
    async def scenario() -> None:
        world = Between().user(0.5, 1.2, "good morning")
        await world.run(until=6)
        (turn,) = world.turns()
        assert turn.heard == "I cannot."
        (failed,) = [event for event in world.events if isinstance(event, Failed)]
        assert "from en into ko" in failed.reason

    run(scenario())


@pytest.mark.parametrize("word", ["stop", "그만"])
def test_stop_silences_everything(word: str) -> None:
    async def scenario() -> None:
        world = Between(speech_seconds_per_letter=0.4)
        world.user(0.5, 1.2, "배고파").user(2.5, 3.2, "고마워").user(4.5, 5.0, word)
        await world.run(until=20)
        assert not world.turns()[0].finished
        assert max(ended for _, ended in world.speaker.sounded) < 6.5

    run(scenario())


def test_an_unclear_word_is_asked_for_and_a_noise_is_not() -> None:
    async def scenario() -> None:
        world = Between(believed=lambda text: "ask" if "mumble" in text else "accept")
        world.user(0.5, 1.2, "mumble").user(5, 5.5, "").user(8, 8.7, "안녕")
        await world.run(until=14)
        assert [turn.heard for turn in world.turns()] == ["Pardon?", "Hello."]

    run(scenario())


def test_a_failed_engine_apologises_and_goes_on() -> None:
    async def scenario() -> None:
        world = Between()
        world.mishap = lambda engine: engine == "tts" and asyncio.get_running_loop().time() < 4
        world.user(0.5, 1.2, "안녕").user(8, 8.7, "고마워")
        await world.run(until=14)
        assert [turn.heard for turn in world.turns()] == ["Sorry.", "Thank you."]

    run(scenario())


def test_interrupting_empties_the_line() -> None:
    async def scenario() -> None:
        world = Between(speech_seconds_per_letter=0.5).user(0.5, 1.2, "배고파")
        world.user(2.5, 3.2, "고마워").user(12, 12.7, "안녕")
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(world.run(until=20))
            await asyncio.sleep(5)
            await world.interpreter.interrupt()
            assert world.interpreter.idle
        assert world.turns()[-1].heard == "Hello."
        assert max(b for a, b in world.speaker.sounded if a < 5) <= 5.1

    run(scenario())


def test_too_much_to_say_drops_the_oldest_that_waits() -> None:
    async def scenario() -> None:
        world = Between(speech_seconds_per_letter=3.0)
        for n in range(WAITING + 4):
            world.user(0.5 + 2 * n, 1.2 + 2 * n, "안녕")
        async with asyncio.timeout(3000):
            await world.run(until=40)
        lost = [event.turn for event in world.events if isinstance(event, Failed)]
        assert lost
        assert lost == sorted(lost)
        assert 1 not in lost
        finished = [turn.turn for turn in world.turns() if turn.finished]
        assert finished == sorted(finished)
        assert set(finished).isdisjoint(lost)

    run(scenario())


@pytest.mark.parametrize("seed", range(40))
def test_by_dice_everything_is_said_once_and_in_order(seed: int) -> None:
    async def scenario() -> None:
        dice = random.Random(seed)
        world = Between(
            asr_seconds=dice.choice([0.02, 0.3, 0.8]),
            translation_seconds=dice.choice([0.02, 0.5, 2.0]),
            tts_seconds=dice.choice([0.02, 0.4]),
        )
        at = 0.5
        for _ in range(dice.randint(1, 6)):
            end = at + dice.uniform(0.4, 2.0)
            world.user(at, end, dice.choice([*KOREAN, "", "good day"]))
            at = end + dice.uniform(0.6, 3.0)
        await world.run(until=at + 4)
        committed = [event.turn for event in world.events if isinstance(event, Committed)]
        ended = [event.turn for event in world.events if isinstance(event, TurnEnded)]
        assert committed == ended == sorted(set(ended))
        began = [event.turn for event in world.events if isinstance(event, SpeakingStarted)]
        assert began == sorted(began)
        sounds = world.speaker.sounded
        assert all(a[1] <= b[0] + 1e-9 for a, b in pairwise(sounds))

    run(scenario())


# --- the wiring --------------------------------------------------------------


def models(asr: str, llm: str) -> Models:
    return Models(
        FoundModel("asr", asr, Path(asr), asr == "starter"),
        FoundModel("llm", llm, Path(llm), llm == "starter"),
    )


@pytest.mark.parametrize(
    ("asr", "llm", "source", "target", "known"),
    [
        ("starter", "starter", "ko", "en", True),
        ("starter", "starter", "en", "ko", False),
        ("whisper-small", "starter", "ja", "en", True),
        ("whisper-large-v3-turbo", "starter", "ja", "en", False),
        ("whisper-large-v3-turbo", "llama-3b", "ja", "en", True),
        ("starter", "llama-3b", "en", "ko", True),
    ],
)
def test_directions(asr: str, llm: str, source: str, target: str, known: bool) -> None:
    assert translates(models(asr, llm), source, target) == known


def test_models_that_translate_in_neither_direction_are_no_interpreter() -> None:
    config = Config(mode="interpret", interpret=InterpretConfig(between=("ja", "zh")))
    with pytest.raises(ConfigError, match="from ja into zh and from zh into ja"):
        check_directions(config, models("whisper-small", "starter"))
    check_directions(config, models("whisper-small", "llama-3b"))


def test_an_interpreter_hears_two_languages_and_cuts_early() -> None:
    config = between_two(Config(mode="interpret", interpret=InterpretConfig(between=("ja", "ko"))))
    assert config.language.allowed == ("ja", "ko")
    assert config.vad.max_seconds == config.interpret.max_seconds
    assert between_two(Config()) == Config()


def test_one_language_is_not_two() -> None:
    with pytest.raises(ValueError, match="twice"):
        InterpretConfig(between=("ko", "ko"))
