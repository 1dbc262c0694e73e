"""The closed grammar behind the starter model, and the gate that both need."""

from __future__ import annotations

import io
import shutil
import subprocess
import wave
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soxr

from robot_voice.actions.commands import CommandTable, load_commands
from robot_voice.asr.gate import Gate, load_gate
from robot_voice.asr.jsgf import grammar, speakable
from robot_voice.errors import ModelError
from robot_voice.types import RATE, Judgement, Samples, Transcript, Utterance, Verdict

COMMANDS = Path(__file__).parents[1] / "configs" / "actions"
needs_espeak = pytest.mark.skipif(not shutil.which("espeak-ng"), reason="espeak-ng is not there")


# --- the grammar ----------------------------------------------------------------------


def test_phrases_of_other_languages_and_unknown_words_are_left_out() -> None:
    phrases = ["stop", "let's dance", "멈춰", "arrête", "say xyzzy", "take 5", "stop"]
    assert speakable(phrases, lambda word: word != "xyzzy") == (
        ["let's dance", "stop"],
        ["say xyzzy"],
    )


def test_the_grammar_is_the_list_of_phrases() -> None:
    text = grammar(["come here", "stop"])
    assert text.startswith("#JSGF V1.0;\n")
    assert "public <command> = come here | stop ;" in text


# --- the gate -------------------------------------------------------------------------


def heard(confidence: float, text: str = "Stop.") -> Transcript:
    return Transcript(text, "en", confidence)


def voice(seconds: float) -> Utterance:
    return Utterance(quiet(seconds), 0.0, seconds, voiced=seconds)


@pytest.mark.parametrize(
    ("transcript", "seconds", "verdict", "reason"),
    [
        (heard(0.9), 1.0, "accept", ""),
        (heard(0.8), 1.0, "accept", ""),
        (heard(0.79), 1.0, "ask", "unsure"),
        (heard(0.79), 0.2, "ignore", "too short"),
        (heard(0.9), 0.2, "accept", ""),
        (heard(0.0, ""), 1.0, "ignore", "no words"),
        (heard(1.0, ""), 1.0, "ignore", "no words"),
        (heard(float("nan")), 1.0, "ask", "unsure"),
    ],
)
def test_verdicts(transcript: Transcript, seconds: float, verdict: Verdict, reason: str) -> None:
    gate = Gate(confidence=0.8, shortest_seconds=0.3)
    assert gate.judge(transcript, voice(seconds)) == Judgement(verdict, reason)


def test_a_model_without_a_gate_has_that_of_openai(tmp_path: Path) -> None:
    gate = load_gate(tmp_path)
    assert gate.judge(heard(0.38), voice(1.0)).verdict == "accept"
    assert gate.judge(heard(0.36), voice(1.0)).verdict == "ask"
    assert gate.judge(heard(1.0, ""), voice(9.0)).verdict == "ignore"


def test_the_gate_beside_a_model(tmp_path: Path) -> None:
    (tmp_path / "gate.json").write_text('{"confidence": 0.85, "calibrated_on": {"clips": 7}}')
    assert load_gate(tmp_path).confidence == 0.85
    (tmp_path / "gate.json").write_text('{"confidence": 1, "shortest_seconds": 0.5}')
    assert load_gate(tmp_path, ["Nuri"]) == Gate(1.0, 0.5, ("Nuri",))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "JSON"),
        ("[]", "gate.json"),
        ("{}", "confidence"),
        ('{"confidence": "high"}', "confidence"),
        ('{"confidence": 1.5}', "confidence"),
        ('{"confidence": NaN}', "gate.json"),
        ('{"confidence": 0.5, "shortest_seconds": -1}', "shortest_seconds"),
    ],
)
def test_a_malformed_gate_stops_the_start(tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "gate.json").write_text(content)
    with pytest.raises(ModelError, match=says):
        load_gate(tmp_path)


# --- PocketSphinx -----------------------------------------------------------------------

pytest.importorskip("pocketsphinx", reason="the extra [sphinx] is not installed")

from robot_voice.asr import sphinx  # noqa: E402 - needs the extra


@pytest.fixture(scope="module")
def table() -> CommandTable:
    return load_commands(next(COMMANDS.glob("base.toml")))


@pytest.fixture(scope="module")
def spotter(table: CommandTable) -> sphinx.PhraseSpotter:
    return sphinx.PhraseSpotter(table.actions)


def spoken(text: str, voice: str = "en-us") -> Samples:
    """By espeak-ng, as the segmenter would hand it over: half a second of quiet before."""
    command = ["espeak-ng", "-v", voice, "-s", "160", "--stdout", text]
    made = subprocess.run(command, check=True, capture_output=True).stdout
    with wave.open(io.BytesIO(made)) as file:
        rate = file.getframerate()
    raw = np.frombuffer(made[44 : 44 + (len(made) - 44) // 2 * 2], np.int16)
    speech = soxr.resample(raw.astype(np.float32) / 32768, rate, RATE).astype(np.float32)
    return np.concatenate([quiet(0.4), speech, quiet(0.1)])


def quiet(seconds: float, level: float = 1e-3) -> Samples:
    return np.random.default_rng(0).normal(0, level, int(seconds * RATE)).astype(np.float32)


def utterance(samples: Samples) -> Utterance:
    return Utterance(samples, start=3.0, speech_end=3.0 + len(samples) / RATE)


class FakeAsr:
    def __init__(self, transcript: Transcript) -> None:
        self.transcript = transcript

    def transcribe(self, utterance: Utterance) -> Transcript:
        return self.transcript

    def translate(self, utterance: Utterance) -> Transcript:
        return replace(self.transcript, language="en")


@needs_espeak
@pytest.mark.parametrize("phrase", ["turn to the left", "raise your right hand", "stop moving"])
def test_commands_are_heard(spotter: sphinx.PhraseSpotter, phrase: str) -> None:
    spotted = spotter.spot(spoken(phrase))
    assert spotted is not None
    assert spotted.text == phrase


@needs_espeak
def test_the_gate_lets_commands_pass_and_little_else(spotter: sphinx.PhraseSpotter) -> None:
    commands = (
        "turn to the left",
        "raise your right hand",
        "lower your left arm",
        "come over here",
    )
    others = ("what a lovely day", "my sister bought a car", "I never liked cheese", "tell a joke")

    def accepted(text: str) -> bool:
        spotted = spotter.spot(spoken(text))
        return spotted is not None and spotted.accepted

    assert sum(map(accepted, commands)) >= 2
    assert not any(map(accepted, others))


@pytest.mark.parametrize("seed", range(5))
def test_noise_is_no_command(spotter: sphinx.PhraseSpotter, seed: int) -> None:
    rng = np.random.default_rng(seed)
    noise = rng.normal(0, 0.1, 2 * RATE).astype(np.float32)
    noise *= np.linspace(0, 1, len(noise), dtype=np.float32) ** seed
    spotted = spotter.spot(noise)
    assert spotted is None or not spotted.accepted


@pytest.mark.parametrize("seconds", [0.0, 0.1, 4.1, 30.0])
def test_what_is_too_short_or_too_long_is_not_decoded(
    spotter: sphinx.PhraseSpotter, seconds: float
) -> None:
    assert spotter.spot(quiet(seconds)) is None


def test_silence_and_clipping_do_no_harm(spotter: sphinx.PhraseSpotter) -> None:
    for samples in (np.zeros(RATE, np.float32), 9 * quiet(1.0, level=1.0)):
        spotted = spotter.spot(samples)
        assert spotted is None or not spotted.accepted


def test_translating_is_left_to_the_primary_engine(spotter: sphinx.PhraseSpotter) -> None:
    asr = sphinx.CommandAsr(FakeAsr(Transcript("Stop.", "ko", 0.9)), spotter, lambda *_: False)
    assert asr.translate(utterance(quiet(1.0))) == Transcript("Stop.", "en", 0.9)


def test_a_table_without_english_is_refused() -> None:
    with pytest.raises(ModelError, match="English"):
        sphinx.PhraseSpotter(["멈춰", "xyzzyx"])


@needs_espeak
def test_what_was_heard_before_does_not_matter(spotter: sphinx.PhraseSpotter) -> None:
    first = spotter.spot(spoken("raise your right hand"))
    spotter.spot(9 * quiet(1.0, level=1.0))
    assert spotter.spot(spoken("raise your right hand")) == first


@needs_espeak
def test_doubtful_english_is_looked_up(spotter: sphinx.PhraseSpotter) -> None:
    wrong = Transcript("Turn the lamp.", "en", 0.4, 0.9)
    asr = sphinx.CommandAsr(FakeAsr(wrong), spotter, lambda *_: False)
    sound = utterance(spoken("raise your right hand"))
    assert asr.transcribe(sound) == Transcript("raise your right hand", "en", 1.0, 0.9)
    assert asr.transcribe(utterance(spoken("my sister bought a car"))) is wrong
    assert asr.transcribe(utterance(quiet(1.0))) is wrong


@needs_espeak
def test_sure_or_foreign_transcripts_stay(spotter: sphinx.PhraseSpotter) -> None:
    sound = utterance(spoken("raise your right hand"))
    korean = Transcript("오른손을 들어.", "ko", 0.4)
    assert sphinx.CommandAsr(FakeAsr(korean), spotter, lambda *_: False).transcribe(sound) is korean
    sure, asked = Transcript("Wave.", "en", 0.9), []

    def is_sure(transcript: Transcript, utterance: Utterance) -> bool:
        asked.append((transcript, utterance))
        return True

    assert sphinx.CommandAsr(FakeAsr(sure), spotter, is_sure).transcribe(sound) is sure
    assert asked == [(sure, sound)]


@needs_espeak
def test_trailing_silence_is_cut(spotter: sphinx.PhraseSpotter) -> None:
    speech = spoken("raise your right hand")
    long = Utterance(np.concatenate([speech, quiet(3.0)]), 5.0, 5.0 + len(speech) / RATE)
    asr = sphinx.CommandAsr(FakeAsr(Transcript("", "en", 0.0)), spotter, lambda *_: False)
    assert asr.transcribe(long).text == "raise your right hand"


def test_the_words_are_a_command_again(table: CommandTable) -> None:
    english, unknown = speakable(table.actions, lambda _: True)
    assert len(english) > 50
    assert unknown == []
    assert all(table.match(Transcript(phrase, "en")) for phrase in english)
