"""What is made of words before anybody thinks about them: are they believed, do they stop the
robot, how long is it waited for more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from robot_voice.actions.commands import STOP, CommandTable
from robot_voice.asr.gate import Gate
from robot_voice.config import Config
from robot_voice.interjections import Phrases
from robot_voice.types import Judgement, Transcript, Utterance
from robot_voice.vad.endpoint import Dialogue, Patience, patience

AROUND_STOP = (
    *("please", "now", "hey", "no", "robot"),
    *("제발", "아니", "당장", "지금", "야", "로봇", "로봇아", "좀"),
)
"""Words that change nothing about "stop"."""


def stop_word(config: Config, commands: CommandTable) -> Callable[[Transcript], str]:
    """Which word of these stops the robot; empty: none, or more was said than that."""
    phrases = Phrases(config.barge_in.stop_words, (*AROUND_STOP, config.persona.name))

    def stops(transcript: Transcript) -> str:
        action = commands.match(transcript)
        if action is not None and action.name == STOP:
            return STOP
        return phrases.match(transcript.text)

    return stops


def backchannel(config: Config) -> Callable[[Transcript], bool]:
    """Whether these words only say that the user listens. Nobody presses a key for that."""
    if config.mode == "push-to-talk":
        return lambda transcript: False
    phrases = Phrases(config.barge_in.backchannels)
    return lambda transcript: bool(phrases.match(transcript.text))


def judge(
    gate: Gate,
    stops: Callable[[Transcript], str],
    pre_roll: float,
    transcript: Transcript,
    utterance: Utterance,
) -> Judgement:
    """A robot that may have been told to stop stops, however badly it has heard it.

    ``pre_roll``: seconds before the voice, for utterances that do not say how much of them it is.
    """
    if stops(transcript):
        return Judgement("accept")
    if utterance.voiced is None:
        voiced = max(0.0, utterance.speech_end - utterance.start - pre_roll)
        utterance = replace(utterance, voiced=voiced)
    return gate.judge(transcript, utterance)


def wait_for(
    config: Config, commands: CommandTable, transcript: Transcript, dialogue: Dialogue
) -> float:
    """Seconds of silence that end the turn."""
    if config.mode == "push-to-talk":
        return 0.0  # letting go of the key is the end
    waits = Patience(
        config.endpoint.complete_seconds,
        config.endpoint.unknown_seconds,
        config.endpoint.unfinished_seconds,
        config.endpoint.command_seconds,
    )
    command = commands.find(transcript) is not None
    return patience(transcript, waits, replace(dialogue, command=command))
