"""Whole conversations, in virtual time."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import chain, repeat

import pytest

from robot_voice.errors import EngineError
from robot_voice.events import (
    ActionSubmitted,
    Committed,
    Dismissed,
    Failed,
    SentenceScreened,
    SpeakingStarted,
    Transcribed,
    UserPaused,
    Withdrawn,
)
from robot_voice.types import Judgement, Transcript, Utterance, Verdict
from robot_voice.understanding import MAX_PARTS

from .fakes import FRAME, PATIENCE, World
from .virtual_time import run

STORY = "Once upon a time there was a robot. It liked to talk. It talked all day long. The end."


def test_a_question_is_answered() -> None:
    async def scenario() -> None:
        world = World().user(0.5, 1.5, "hello")
        conversation = await world.run(until=6)
        assert [m.text for m in conversation.messages()] == ["hello", "You said hello."]
        assert [turn.finished for turn in world.turns()] == [True]

    run(scenario())


def test_a_reply_that_is_ready_waits_for_the_commit_only() -> None:
    async def scenario() -> None:
        # Ready 0.2 + 0.05 + 0.1 + 0.1 s after the last word, before the patience is over.
        world = World(asr_seconds=0.05, llm_seconds_to_first=0.05, tts_seconds=0.05)
        world.user(0.5, 1.5, "hello there")
        await world.run(until=6)
        (spoke,) = world.spoke_at()
        assert spoke == pytest.approx(1.5 + PATIENCE.unknown, abs=3 * FRAME)

    run(scenario())


def test_a_slow_reply_starts_when_it_is_ready() -> None:
    async def scenario() -> None:
        world = World(llm_seconds_to_first=2.0).user(0.5, 1.5, "hello there")
        await world.run(until=8)
        # 0.2 s soft end + 0.1 asr + 2.0 first token + 4 tokens + 0.1 tts after the last word
        (spoke,) = world.spoke_at()
        assert spoke == pytest.approx(1.5 + 0.2 + 0.1 + 2.0 + 0.06 + 0.1, abs=3 * FRAME)

    run(scenario())


@pytest.mark.parametrize(("words", "seconds"), [("hi.", 0.4), ("hi", 0.6), ("hi and", 1.2)])
def test_the_words_decide_how_long_the_robot_waits(words: str, seconds: float) -> None:
    async def scenario() -> None:
        world = World(llm_seconds_to_first=0.01, tts_seconds=0.01).user(0.5, 1.5, words)
        await world.run(until=6)
        (committed,) = world.of(Committed)
        assert committed.at == pytest.approx(1.5 + seconds, abs=2 * FRAME)

    run(scenario())


def test_a_user_who_goes_on_before_the_commit_leaves_no_trace() -> None:
    async def scenario() -> None:
        world = World().user(0.5, 1.5, "turn left and").user(2.2, 3.0, "then stop.")
        conversation = await world.run(until=8)
        assert len(world.of(UserPaused)) == 2
        assert len(world.of(Withdrawn)) == 1
        assert world.acted == ["turn left and then stop."]
        assert [m.text for m in world.prompts[-1]] == ["turn left and then stop."]
        assert len(world.turns()) == 1
        assert conversation.messages()[0].text == "turn left and then stop."

    run(scenario())


def test_a_user_who_goes_on_after_the_commit_is_one_message() -> None:
    async def scenario() -> None:
        world = World(llm_seconds_to_first=1.5)
        world.user(0.5, 1.5, "turn left").user(2.6, 3.2, "then stop")
        conversation = await world.run(until=10)
        first, second = world.turns()
        assert (first.finished, first.heard) == (False, "")
        assert second.finished
        assert conversation.messages()[0].text == "turn left then stop"

    run(scenario())


def test_the_user_may_interrupt() -> None:
    async def scenario() -> None:
        world = World(reply=lambda text: STORY if "story" in text else "Fine.")
        world.user(0.5, 1.5, "tell me a story").user(4.5, 5.0, "wait what")
        conversation = await world.run(until=12)
        story, answer = world.turns()
        assert not story.finished
        assert answer.finished
        # silent from 4.5 + 0.1 s on, having spoken since about 2.2 s: 2.4 s of story
        assert story.heard == "Once upon a time there was a robot. It liked"[: len(story.heard)]
        assert 6 <= len(story.heard.split()) <= 9
        assert [m.role for m in conversation.messages()] == ["user", "assistant"] * 2

    run(scenario())


def test_a_noise_does_not_end_the_turn() -> None:
    async def scenario() -> None:
        world = World(reply=lambda _: STORY).user(0.5, 1.5, "tell me a story").user(4.5, 5.0, "")
        await world.run(until=14)
        (story,) = world.turns()
        assert story.finished
        assert story.heard == STORY
        assert len(world.of(Dismissed)) == 1

    run(scenario())


@pytest.mark.parametrize("engine", ["asr", "llm", "screen", "tts"])
def test_an_engine_failure_ends_the_turn_with_an_apology(engine: str) -> None:
    async def scenario() -> None:
        world = World(fails=engine).user(0.5, 1.5, "hello").user(5.0, 6.0, "hello again")
        await world.run(until=12)
        assert [type(e) for e in world.events].count(Failed) == 2
        assert [turn.heard for turn in world.turns()] == ["Sorry.", "Sorry."]
        commits = world.of(Committed)
        assert all(spoke > c.at - 1e-6 for spoke, c in zip(world.spoke_at(), commits, strict=True))

    run(scenario())


def test_a_failure_in_a_withdrawn_turn_is_not_heard() -> None:
    async def scenario() -> None:
        world = World(fails="llm", llm_seconds_to_first=0.01)
        world.user(0.5, 1.5, "hello and").user(2.3, 3.0, "goodbye.")
        await world.run(until=8)
        assert [turn.heard for turn in world.turns()] == ["Sorry."]

    run(scenario())


def test_a_model_without_words_is_a_failure() -> None:
    async def scenario() -> None:
        world = World(reply=lambda _: "").user(0.5, 1.5, "hello")
        await world.run(until=8)
        assert [turn.heard for turn in world.turns()] == ["Sorry."]

    run(scenario())


def test_nothing_unscreened_is_spoken_and_a_replaced_reply_ends() -> None:
    async def scenario() -> None:
        world = World(reply=lambda _: "Sure. Build a bomb. Then run.").user(0.5, 1.5, "help")
        await world.run(until=8)
        assert world.turns()[0].heard == "Sure. I would rather not say."

    run(scenario())


def test_thinking_waits_for_speaking() -> None:
    async def scenario() -> None:
        long = " ".join(f"Sentence number {n} is here now." for n in range(40))
        world = World(reply=lambda _: long).user(0.5, 1.5, "go on").user(8.0, 9.0, "wait what")
        await world.run(until=14)
        ready = [e for e in world.events if isinstance(e, SentenceScreened) and e.turn == 1]
        assert len(ready) < 12  # 4 s of playback buffer + 2 queued, not 40

    run(scenario())


def test_a_monologue_is_one_message_in_parts() -> None:
    async def scenario() -> None:
        world = World(max_seconds=5.0)
        for n in range(12):
            world.user(0.5 + n, 1.5 + n, f"word{n}")
        conversation = await world.run(until=18)
        assert conversation.messages()[0].text == " ".join(f"word{n}" for n in range(12))
        assert len(world.turns()) == 1

    run(scenario())


def test_the_end_of_the_audio_ends_the_waiting() -> None:
    async def scenario() -> None:
        world = World().user(0.5, 1.5, "hello and")
        await world.run(until=1.5)
        assert world.turns()[0].finished

    run(scenario())


def test_an_action_is_submitted_once_and_after_the_commit() -> None:
    async def scenario() -> None:
        world = World().user(0.5, 1.5, "sit down and").user(2.3, 3.0, "stand up.")
        await world.run(until=8)
        kinds = [type(event) for event in world.events]
        assert kinds.count(ActionSubmitted) == 1
        assert kinds.index(ActionSubmitted) > kinds.index(Committed)

    run(scenario())


def test_interrupt_silences_at_once() -> None:
    async def scenario() -> None:
        world = World(reply=lambda _: STORY).user(0.5, 1.5, "tell me a story")
        pipeline, conversation = world.pipeline(until=8)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(pipeline.run())
            await asyncio.sleep(4.0)
            await pipeline.interrupt()
            assert pipeline.idle
        assert world.speaker.sounded[-1][1] <= 4.0 + 1e-6
        (turn,) = world.turns()
        assert not turn.finished
        assert conversation.messages()[-1].text == turn.heard

    run(scenario())


def test_a_bug_is_not_hidden() -> None:
    async def scenario() -> None:
        world = World(reply=lambda text: str(1 // 0)).user(0.5, 1.5, "hello")
        pipeline, _ = world.pipeline(until=6)
        with pytest.raises(ExceptionGroup) as caught:
            await pipeline.run()
        assert caught.group_contains(ZeroDivisionError)
        assert not caught.group_contains(EngineError)

    run(scenario())


def test_events_tell_a_turn_in_order() -> None:
    async def scenario() -> None:
        world = World().user(0.5, 1.5, "hello")
        await world.run(until=6)
        names = [type(event).__name__ for event in world.events]
        assert names.index("UserStarted") < names.index("UserPaused") < names.index("Transcribed")
        assert names.index("FirstToken") < names.index("SentenceScreened")
        assert names.index("ReplyReady") < names.index("SpeakingStarted")
        assert names[-1] == "TurnEnded"
        times = [event.at for event in world.events]
        assert times == sorted(times)
        assert len(world.of(SpeakingStarted)) == 1

    run(scenario())


def test_the_audio_may_end_right_behind_a_cut() -> None:
    async def scenario() -> None:
        world = World(max_seconds=2.0).user(0.0, 9.0, "hello")
        conversation = await world.run(until=2.0)
        assert [m.text for m in conversation.messages()] == ["hello", "You said hello."]

    run(scenario())


def test_an_over_long_utterance_keeps_its_latest_parts_only() -> None:
    async def scenario() -> None:
        world = World(max_seconds=1.0)
        for n in range(MAX_PARTS + 10):
            world.user(0.5 + n, 1.5 + n, f"word{n}")
        conversation = await world.run(until=MAX_PARTS + 20)
        words = conversation.messages()[0].text.split()
        assert len(words) <= MAX_PARTS + 1
        assert words[-1] == f"word{MAX_PARTS + 9}"

    run(scenario())


def test_what_cannot_be_spoken_is_not_claimed() -> None:
    async def scenario() -> None:
        world = World(reply=lambda _: "*** \U0001f60a").user(0.5, 1.5, "hello")
        await world.run(until=8)
        assert [turn.heard for turn in world.turns()] == ["Sorry."]

    run(scenario())


def test_a_voice_that_makes_no_sound_is_a_failure() -> None:
    async def scenario() -> None:
        world = World(speech_seconds_per_letter=0.0).user(0.5, 1.5, "hello")
        await world.run(until=8)
        assert [event.reason for event in world.events if isinstance(event, Failed)]
        assert [turn.heard for turn in world.turns()] == [""]
        assert world.spoke_at() == []

    run(scenario())


def test_a_failure_in_mid_answer_keeps_what_was_heard() -> None:
    async def scenario() -> None:
        tokens = iter(range(10_000))
        world = World(reply=lambda _: STORY, llm_seconds_per_token=0.15)
        world.mishap = lambda engine: engine == "llm" and next(tokens) == 14
        await world.user(0.5, 1.5, "tell me a story").run(until=14)
        (story,) = world.turns()
        assert not story.finished
        assert story.heard.startswith("Once upon a")
        assert story.heard.endswith("Sorry.")

    run(scenario())


def test_a_cough_that_cannot_be_understood_does_not_end_the_answer() -> None:
    async def scenario() -> None:
        heard = chain([False], repeat(True))
        world = World(reply=lambda _: STORY).user(0.5, 1.5, "tell me a story").user(4.5, 5.0, "")
        world.mishap = lambda engine: engine == "asr" and next(heard)
        conversation = await world.run(until=16)
        (story,) = world.turns()
        assert story.finished
        assert [m.text for m in conversation.messages()] == ["tell me a story", STORY]
        assert world.acted == ["tell me a story"]

    run(scenario())


def test_words_are_not_lost_when_a_longer_hearing_has_none() -> None:
    async def scenario() -> None:
        world = World(asr_seconds=0.02, llm_seconds_to_first=1.0)
        world.unheard = lambda utterance: utterance.seconds > 2.0
        world.user(0.5, 1.5, "turn left and").user(2.3, 3.3, "")
        conversation = await world.run(until=8)
        assert world.of(Withdrawn)
        assert conversation.messages()[0].text == "turn left and"
        assert world.turns()[-1].finished

    run(scenario())


def test_an_interrupted_loudspeaker_is_emptied_before_it_is_given_back() -> None:
    async def scenario() -> None:
        world = World(reply=lambda _: STORY).user(0.5, 1.5, "tell me a story").user(4.0, 9.0, "")
        pipeline, _ = world.pipeline(until=10)
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(pipeline.run())
            await asyncio.sleep(4.5)
            assert world.speaker.calls[-1] == "hold"
            await pipeline.interrupt()
            assert world.speaker.calls[-2:] == ["stop", "release"]
            running.cancel()

    run(scenario())


def test_the_screen_is_told_what_came_before() -> None:
    async def scenario() -> None:
        world = World(reply=lambda _: "One. Two. Three.").user(0.5, 1.5, "count")
        await world.run(until=8)
        assert [(d.user, d.previous, d.text) for d in world.drafts] == [
            ("count", "", "One."),
            ("count", "One.", "Two."),
            ("count", "Two.", "Three."),
        ]

    run(scenario())


def test_sounds_follow_each_other_without_waiting_for_the_first_to_be_heard() -> None:
    async def scenario() -> None:
        world = World(reply=lambda _: STORY).user(0.5, 1.5, "tell me a story")
        await world.run(until=14)
        begun = world.speaker.sounded[0][0]
        gaps = [
            later[0] - earlier[1]
            for earlier, later in zip(
                world.speaker.sounded, world.speaker.sounded[1:], strict=False
            )
        ]
        assert begun
        assert max(gaps) < 1e-6

    run(scenario())


@pytest.mark.parametrize("stuck", ["You are 앨앨앨앨앨앨앨앨앨.", "Well" + " you know" * 9 + "."])
def test_a_model_that_is_stuck_is_not_heard(stuck: str) -> None:
    async def scenario() -> None:
        world = World(reply=lambda text: f"{stuck} Nice to meet you." if "name" in text else stuck)
        world.user(0.5, 1.5, "what is my name").user(8, 9, "say it")
        await world.run(until=20)
        name, again = world.turns()
        assert name.heard == "Nice to meet you."
        assert again.heard == "Sorry."

    run(scenario())


# --- words that are not clear ------------------------------------------------


def unclear(text: str) -> Verdict:
    return "ask" if "mumble" in text else "ignore" if "hiss" in text else "accept"


def test_unclear_words_are_asked_for_and_leave_no_trace() -> None:
    async def scenario() -> None:
        world = World(believed=unclear).user(0.5, 1.5, "mumble")
        conversation = await world.run(until=6)
        (turn,) = world.turns()
        assert (turn.heard, turn.finished) == ("Pardon?", True)
        assert world.acted == []
        assert world.prompts == []
        assert [m.text for m in conversation.messages() if m.role == "user"] == []
        (understood,) = world.of(Transcribed)
        assert isinstance(understood, Transcribed)
        assert (understood.transcript.text, understood.verdict) == ("mumble", "ask")

    run(scenario())


def test_the_robot_asks_twice_then_waits_for_clear_words() -> None:
    async def scenario() -> None:
        world = World(believed=unclear)
        for start, words in [(1, "mumble"), (5, "mumble"), (9, "mumble"), (13, "hello.")]:
            world.user(start, start + 1.0, words)
        world.user(20, 21, "mumble")
        await world.run(until=26)
        heard = [turn.heard for turn in world.turns()]
        assert heard == ["Pardon?", "Repeat?", "You said hello..", "Pardon?"]
        assert len(world.of(Dismissed)) == 1

    run(scenario())


def test_a_withdrawn_question_was_never_asked() -> None:
    async def scenario() -> None:
        world = World(believed=lambda text: "accept" if "hello" in text else "ask")
        for start in (1, 6, 11):  # every time, the user goes on and is understood
            world.user(start, start + 0.8, "mumble").user(start + 1.1, start + 1.9, "hello.")
        await world.run(until=18)
        assert [turn.heard for turn in world.turns()] == ["You said mumble hello.."] * 3

    run(scenario())


def test_a_noise_that_sounds_like_words_gives_the_robot_its_sentence_back() -> None:
    async def scenario() -> None:
        world = World(reply=lambda _: STORY, believed=unclear)
        world.user(0.5, 1.5, "tell me a story").user(4.5, 5.0, "hiss")
        await world.run(until=14)
        (story,) = world.turns()
        assert story.finished
        assert story.heard == STORY

    run(scenario())


def test_a_long_speech_with_a_short_end_is_judged_as_a_whole() -> None:
    async def scenario() -> None:
        world = World(max_seconds=4.0)
        judged: list[Utterance] = []
        pipeline, _ = world.pipeline(until=14)
        believe = pipeline._stages.judge

        def judge(transcript: Transcript, utterance: Utterance) -> Judgement:
            judged.append(utterance)
            return believe(transcript, utterance)

        understanding = pipeline._understanding
        understanding._stages = replace(understanding._stages, judge=judge)
        world.user(0.5, 4.4, "once upon a time").user(4.4, 9.0, "there was a robot")
        await pipeline.run()
        assert len(world.turns()) == 1
        assert judged[-1].start < 1.0
        assert judged[-1].voiced == pytest.approx(8.5, abs=1.2)  # the parts overlap a little

    run(scenario())


def test_what_may_have_been_a_noise_is_asked_for_once() -> None:
    async def scenario() -> None:
        world = World(believed=unclear)
        for start in (1, 5, 9):
            world.user(start, start + 0.4, "mumble")
        world.user(13, 14, "mumble")  # a voice, this time
        await world.run(until=18)
        assert [turn.heard for turn in world.turns()] == ["Pardon?", "Repeat?"]
        dismissed = [event for event in world.events if isinstance(event, Dismissed)]
        assert [event.reason for event in dismissed] == ["unsure", "unsure"]

    run(scenario())


def test_words_said_while_motors_run_are_marked() -> None:
    async def scenario() -> None:
        world = World().user(0.5, 1.5, "hello").user(6, 7, "goodbye")
        pipeline, _ = world.pipeline(until=12)
        pipeline.motion(0.6)
        asyncio.get_running_loop().call_later(4.0, pipeline.motion, 0.0)
        await pipeline.run()
        heard = [event for event in world.events if isinstance(event, Transcribed)]
        assert [event.motion for event in heard] == [0.6, 0.0]

    run(scenario())


def test_the_policy_knows_whether_the_robot_has_asked_and_how_it_sounded() -> None:
    async def scenario() -> None:
        world = World(
            reply=lambda text: "Where to?" if "go" in text else "All right.",
            sounds_finished=lambda utterance: 0.9 if utterance.seconds > 2 else None,
        )
        world.user(0.5, 1.5, "go").user(5, 7, "home").user(12, 13, "thanks")
        await world.run(until=18)
        asked = [(dialogue.question, dialogue.finished) for dialogue in world.dialogues]
        assert asked == [(False, None), (True, 0.9), (False, None)]

    run(scenario())


def test_a_robot_that_asks_no_more_does_not_act_on_half_an_utterance() -> None:
    async def scenario() -> None:
        world = World(believed=unclear).user(1, 2, "mumble").user(5, 6, "mumble")
        world.user(10, 11, "go to the kitchen and").user(11.4, 12.1, "mumble")
        await world.run(until=18)
        assert [turn.heard for turn in world.turns()] == ["Pardon?", "Repeat?"]
        assert world.acted == []

    run(scenario())


def test_words_that_became_unclear_are_asked_for_not_guessed() -> None:
    async def scenario() -> None:
        world = World(believed=unclear)
        world.user(0.5, 1.5, "go to the kitchen and").user(1.9, 2.6, "mumble")
        await world.run(until=8)
        (turn,) = world.turns()
        assert turn.heard == "Pardon?"
        assert world.acted == []

    run(scenario())
