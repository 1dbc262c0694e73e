"""What is said to a robot that speaks, moves or thinks for long; in virtual time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

import numpy as np
import pytest

from robot_voice.build.hearing import backchannel, stop_word
from robot_voice.build.prepared import is_sensitive, joined
from robot_voice.config import Config
from robot_voice.events import (
    ActionSubmitted,
    Committed,
    Dismissed,
    Event,
    SpeakingStarted,
    StopRequested,
    Withdrawn,
)
from robot_voice.interjections import Phrases, is_own_voice, plain
from robot_voice.settings import load_config
from robot_voice.stages import Meanwhile
from robot_voice.types import RATE, Mark, SafeText, Speech, Transcript, Utterance, Verdict

from .fakes import FakeSpeaker, World
from .virtual_time import run

STORY = "Once upon a time there was a robot. It liked to talk. It talked all day long. The end."


def story(start: float, end: float, words: str, **more: object) -> World:
    """A robot that tells a story from about 2.2 s on, and what is said meanwhile."""
    world = World(reply=lambda text: STORY if "story" in text else "Fine.", **more)  # type: ignore[arg-type]
    return world.user(0.5, 1.5, "tell me a story").user(start, end, words)


def doubt(text: str) -> Verdict:
    return "ask" if "grb" in text else "accept"


def stops(world: World) -> list[Event]:
    return world.of(StopRequested)


# --- stop ----------------------------------------------------------------------


def test_stop_is_answered_with_silence() -> None:
    async def scenario() -> None:
        world = story(4.5, 5.0, "Stop!")
        conversation = await world.run(until=12)
        told, stopped = world.turns()
        assert (told.finished, stopped.heard, stopped.finished) == (False, "", True)
        assert [m.role for m in conversation.messages()] == ["user", "assistant", "user"]
        assert stops(world)[0].at < 5.0 + 0.2 + 0.1 + 0.1  # soft end, recogniser, frames
        assert stops(world)[0].at < world.of(Committed)[1].at
        assert len(world.of(ActionSubmitted)) == 2  # the body's own table has it, too

    run(scenario())


def test_stop_does_not_wait_for_a_pause() -> None:
    async def scenario() -> None:
        world = story(4.5, 9.0, "stop stop stop")
        await world.run(until=14)
        assert stops(world)[0].at < 4.5 + 0.1 + 0.45 + 0.1 + 0.1
        last = world.speaker.sounded[-1][1]
        assert last < 4.5 + 0.2
        assert [turn.heard for turn in world.turns()][1:] == [""]

    run(scenario())


def test_stop_is_understood_while_the_body_moves() -> None:
    async def scenario() -> None:
        world = World(asr_seconds=0.05).user(1.0, 4.0, "멈춰")
        pipeline, _ = world.pipeline(8)
        pipeline.motion(0.3)
        await pipeline.run()
        assert stops(world)[0].at < 2.0
        assert [turn.heard for turn in world.turns()] == [""]

    run(scenario())


def test_stop_said_to_a_robot_at_rest_is_answered() -> None:
    async def scenario() -> None:
        world = World().user(1.0, 1.5, "stop")
        await world.run(until=6)
        assert [turn.heard for turn in world.turns()] == ["You said stop."]
        assert len(stops(world)) == 1

    run(scenario())


def test_stop_while_thinking() -> None:
    async def scenario() -> None:
        world = story(2.6, 3.1, "stop", llm_seconds_to_first=5.0)
        await world.run(until=14)
        assert world.speaker.sounded == []
        assert world.active == 0

    run(scenario())


def test_talk_of_stopping_stops_nothing() -> None:
    async def scenario() -> None:
        world = story(4.5, 6.0, "why does the bus stop here")
        await world.run(until=12)
        assert stops(world) == []
        assert world.turns()[1].heard == "Fine."

    run(scenario())


def all_stop_words() -> Sequence[str]:
    return Config().barge_in.stop_words


@pytest.mark.parametrize("word", all_stop_words())
def test_every_stop_word_is_one_in_any_language(word: str) -> None:
    from robot_voice.build import load_actions

    loaded = load_config("default", [], {})
    found = stop_word(loaded.config, load_actions(loaded))
    for said in (word, word.upper() + "!", f"{word}, {word}!", f"Hey, {word} please."):
        assert found(Transcript(said, "xx"))
    for said in (f"don't {word} it", f"{word} 라고 말했어", ""):
        assert not found(Transcript(said, "xx"))


def test_an_owner_may_choose_the_words() -> None:
    loaded = load_config(None, ['barge_in.stop_words=["pineapple"]'], {})
    from robot_voice.build import load_actions

    found = stop_word(loaded.config, load_actions(loaded))
    assert found(Transcript("Pineapple!", "en")) == "pineapple"
    assert found(Transcript("stop", "en"))  # the body's table has it whatever is set
    assert not found(Transcript("be quiet", "en"))


# --- what does not interrupt ---------------------------------------------------


@pytest.mark.parametrize("murmur", ["Mm-hm.", "응", "응, 응."])
def test_a_backchannel_gives_the_sentence_back(murmur: str) -> None:
    async def scenario() -> None:
        world = story(4.5, 5.0, murmur)
        conversation = await world.run(until=14)
        (told,) = world.turns()
        assert (told.heard, told.finished) == (STORY, True)
        assert [event.reason for event in world.of(Dismissed)] == ["backchannel"]  # type: ignore[attr-defined]
        assert len(conversation.messages()) == 2
        heard = sum(end - start for start, end in world.speaker.sounded)
        assert heard == pytest.approx(len("".join(STORY.split())) * 0.07, abs=0.05)

    run(scenario())


def test_yes_is_an_answer_where_the_robot_asks() -> None:
    async def scenario() -> None:
        asking = "Shall I tell you a story? It is a long one, and it has a happy end."
        world = World(reply=lambda text: asking if "hello" in text else "Fine.")
        world.user(0.5, 1.5, "hello").user(4.5, 5.0, "yes")
        await world.run(until=12)
        assert [turn.finished for turn in world.turns()] == [False, True]

    run(scenario())


def test_yes_is_an_answer_to_a_silent_robot() -> None:
    async def scenario() -> None:
        world = World().user(0.5, 1.0, "yes")
        await world.run(until=6)
        assert [turn.heard for turn in world.turns()] == ["You said yes."]

    run(scenario())


def test_a_short_sound_of_which_nothing_is_certain_ends_no_sentence() -> None:
    async def scenario() -> None:
        world = story(
            4.5, 4.9, "grblfx", believed=lambda text: "ask" if "grb" in text else "accept"
        )
        await world.run(until=14)
        assert [turn.heard for turn in world.turns()] == [STORY]

    run(scenario())


def test_a_long_one_is_asked_for() -> None:
    async def scenario() -> None:
        world = story(
            4.5, 6.0, "grblfx", believed=lambda text: "ask" if "grb" in text else "accept"
        )
        await world.run(until=14)
        assert [turn.heard for turn in world.turns()][1:] == ["Pardon?"]

    run(scenario())


def test_the_robot_does_not_interrupt_itself() -> None:
    async def scenario() -> None:
        world = story(4.9, 5.4, "it liked to")  # which is what it says then
        await world.run(until=14)
        assert [turn.heard for turn in world.turns()] == [STORY]
        assert [event.reason for event in world.of(Dismissed)] == ["own voice"]  # type: ignore[attr-defined]

    run(scenario())


def test_the_same_words_later_are_somebody_elses() -> None:
    async def scenario() -> None:
        world = story(6.9, 7.4, "liked to talk")
        await world.run(until=14)
        assert [turn.heard for turn in world.turns()][1:] == ["Fine."]

    run(scenario())


def sound(voiced: float) -> Utterance:
    return Utterance(np.zeros(RATE, np.float32), 0, 1, voiced=voiced)


@pytest.mark.parametrize(
    ("heard", "spoken", "own"),
    [
        ("The weather.", "the weather is nice", True),
        ("the feather", "the weather is nice", True),
        ("what about tomorrow", "the weather is nice", False),
        ("날씨가", "오늘은 날씨가 좋아요", True),
        ("네", "오늘은 날씨가 좋네요", False),  # too little to tell
        ("날씨가", "", False),
    ],
)
def test_own_voice(heard: str, spoken: str, own: bool) -> None:
    assert is_own_voice(heard, sound(0.5), spoken) is own
    assert not is_own_voice(heard, sound(1.5), spoken)  # no echo lasts so long


def test_phrases() -> None:
    phrases = Phrases(["mm-hm", "okay"], ["now"])
    assert phrases.match("Mm-hm... okay!") == "mmhm"
    assert phrases.match("now, okay") == "okay"
    assert phrases.match("now") == ""
    assert phrases.match("okay then") == ""
    assert Phrases([]).match("okay") == ""
    assert plain("ＯＫ, 네!") == "ok네"


@pytest.mark.parametrize("word", Config().barge_in.backchannels)
def test_every_backchannel_is_one_and_no_stop(word: str) -> None:
    config = Config()
    assert backchannel(config)(Transcript(f"{word}.", "xx"))
    assert not Phrases(config.barge_in.stop_words).match(word)


# --- while it thinks -----------------------------------------------------------


def filler(words: Transcript, language: str) -> tuple[SafeText, Speech]:
    return SafeText("Let me think.", language), Speech(np.zeros(RATE // 2, np.float32), RATE)


def test_a_slow_answer_is_announced() -> None:
    async def scenario() -> None:
        world = World(llm_seconds_to_first=4.0, meanwhile=Meanwhile(filler)).user(0.5, 1.5, "hello")
        conversation = await world.run(until=12)
        (committed,) = world.of(Committed)
        assert world.speaker.sounded[0][0] == pytest.approx(committed.at + 1.2, abs=0.05)
        assert world.turns()[0].heard == "Let me think. You said hello."
        assert conversation.said == "Let me think. You said hello."

    run(scenario())


def test_a_robot_that_knows_itself_to_be_slow_says_so_at_once() -> None:
    async def scenario() -> None:
        world = World(llm_seconds_to_first=4.0, meanwhile=Meanwhile(filler))
        world.user(0.5, 1.5, "hello").user(12.0, 13.0, "hello again")
        await world.run(until=25)
        committed = world.of(Committed)[1].at
        first = next(start for start, _ in world.speaker.sounded if start > committed)
        assert first == pytest.approx(committed + 0.3, abs=0.05)

    run(scenario())


@pytest.mark.parametrize("seconds", [0.1, 1.2])
def test_a_quick_answer_is_not(seconds: float) -> None:
    async def scenario() -> None:
        world = World(llm_seconds_to_first=seconds, meanwhile=Meanwhile(filler))
        await world.user(0.5, 1.5, "hello").run(until=12)
        assert world.turns()[0].heard == "You said hello."

    run(scenario())


def test_who_interrupts_a_filler_has_heard_its_beginning_only() -> None:
    async def scenario() -> None:
        long = Speech(np.zeros(2 * RATE, np.float32), RATE)
        slow = Meanwhile(lambda words, language: (SafeText("Let me think of it.", language), long))
        world = World(llm_seconds_to_first=4.0, meanwhile=slow)
        world.user(0.5, 1.5, "hello").user(4.2, 5.0, "never mind")
        await world.run(until=16)
        heard = world.turns()[0].heard
        assert heard
        assert "Let me think of it.".startswith(heard)

    run(scenario())


def test_sounds_of_thinking_end_with_the_answer() -> None:
    async def scenario() -> None:
        tick = Speech(np.zeros(RATE // 10, np.float32), RATE)
        quiet = Meanwhile(lambda words, language: None, thinking=tick, error=tick)
        world = World(llm_seconds_to_first=4.0, meanwhile=quiet).user(0.5, 1.5, "hello")
        await world.run(until=12)
        assert world.turns()[0].heard == "You said hello."
        (spoke,) = world.of(SpeakingStarted)
        before = [start for start, _ in world.speaker.sounded if start < spoke.at - 0.2]
        assert len({round(start, 1) for start in before}) >= 2

    run(scenario())


def test_a_sound_before_an_apology() -> None:
    async def scenario() -> None:
        bong = Speech(np.zeros(RATE // 2, np.float32), RATE)
        world = World(fails="llm", meanwhile=Meanwhile(lambda w, lang: None, error=bong))
        await world.user(0.5, 1.5, "hello").run(until=8)
        assert world.turns()[0].heard == "Sorry."
        seconds = sum(end - start for start, end in world.speaker.sounded)
        assert seconds == pytest.approx(0.5 + 6 * 0.07, abs=0.03)

    run(scenario())


@pytest.mark.parametrize(
    ("said", "language", "sensitive"),
    [
        ("My dog died yesterday.", "en", True),
        ("I want to die.", "en", True),
        ("강아지가 죽었어요.", "ko", True),
        ("What is the capital of France?", "en", False),
        ("내일 날씨가 어때?", "ko", False),
    ],
)
def test_nobody_upset_is_told_to_wait(said: str, language: str, sensitive: bool) -> None:
    assert is_sensitive(Transcript(said, language)) is sensitive


def test_blocks_are_joined_with_their_marks() -> None:
    one = Speech(np.zeros(RATE, np.float32), RATE, (Mark(0.5, 2),))
    other = Speech(np.zeros(RATE // 2, np.float32), RATE, (Mark(0.25, 4), Mark(0.5, 6)))
    both = joined([one, other])
    assert both.seconds == 1.5
    assert both.marks == (Mark(0.5, 2), Mark(1.25, 4), Mark(1.5, 6))


# --- of its own accord ---------------------------------------------------------


def test_news_wait_until_nobody_speaks() -> None:
    async def scenario() -> None:
        world = World().user(0.5, 1.5, "hello")
        pipeline, conversation = world.pipeline(8)
        news = SafeText("I cannot hear you.", "en"), Speech(np.zeros(RATE, np.float32), RATE)
        asyncio.get_running_loop().call_later(1.0, pipeline.announce, lambda language: news)
        await pipeline.run()
        assert [turn.heard for turn in world.turns()] == ["You said hello.", "I cannot hear you."]
        assert conversation.said == "You said hello. I cannot hear you."

    run(scenario())


def test_news_can_be_interrupted() -> None:
    async def scenario() -> None:
        world = World().user(1.5, 2.5, "hello")
        pipeline, _ = world.pipeline(8)
        news = SafeText("I cannot hear you.", "en"), Speech(np.zeros(5 * RATE, np.float32), RATE)
        pipeline.announce(lambda language: news)
        await pipeline.run()
        told, answer = world.turns()
        assert (told.finished, answer.heard) == (False, "You said hello.")

    run(scenario())


# --- bounds --------------------------------------------------------------------


class WatchedSpeaker(FakeSpeaker):
    """Notes how far ahead of the ear the sound was made."""

    def __init__(self) -> None:
        super().__init__(2.5)  # the default of audio.ahead_seconds
        self.taken = 0.0

    async def play(self, speech: Speech) -> None:
        await super().play(speech)
        self.taken += speech.seconds


def test_synthesis_runs_ahead_of_playing_by_four_seconds_at_most() -> None:
    async def scenario() -> None:
        long = " ".join(f"Sentence number {n} is here now." for n in range(40))
        speaker = WatchedSpeaker()
        world = World(reply=lambda _: long, speaker=speaker, tts_seconds=0.01)
        world.user(0.5, 1.5, "go on")
        pipeline, _ = world.pipeline(30)
        ahead = list[float]()

        async def watch() -> None:
            while True:
                await asyncio.sleep(0.05)
                turn = pipeline._answering
                if turn is not None:
                    ahead.append(turn.spoken.seconds - speaker.heard)

        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(watch())
            await pipeline.run()
            watching.cancel()
        assert 2.5 < max(ahead) <= 4.0

    run(scenario())


@pytest.mark.parametrize("seed", range(60))
def test_conversations_by_dice(seed: int) -> None:
    """Whatever is said when: what was heard is remembered, and a stop is followed by silence."""

    async def scenario() -> None:
        dice = random.Random(seed)
        slow = dice.choice([0.1, 0.5, 3.0])
        world = World(reply=lambda _: STORY, llm_seconds_to_first=slow)
        world.meanwhile = Meanwhile(filler)
        at, said = 0.5, ["stop", "mm-hm", "", "hello there", "tell me more", "it liked to talk"]
        for _ in range(8):
            end = at + dice.uniform(0.2, 2.0)
            world.user(at, end, dice.choice(said))
            at = end + dice.uniform(0.1, 6.0)
        conversation = await world.run(until=at + 15)
        heard = " ".join(turn.heard for turn in world.turns() if turn.heard)
        remembered = " ".join(m.text for m in conversation.messages() if m.role == "assistant")
        assert remembered in heard or heard.endswith(remembered)
        for stop in stops(world):
            after = [start for start, _ in world.speaker.sounded if start > stop.at + 0.05]
            again = [event.at for event in world.of(Committed) if event.at > stop.at + 0.05]
            if after and again:
                assert min(after) >= min(again)
        assert len(world.of(Withdrawn)) <= 8

    run(scenario())
