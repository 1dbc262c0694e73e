"""Piper: the real library with a toy voice, and what becomes of a voice's process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from pathlib import Path

import numpy as np
import pytest

from robot_voice.config import TtsConfig
from robot_voice.errors import ConfigError, ModelError, TtsError
from robot_voice.traced import Traced
from robot_voice.tts import neural
from robot_voice.tts.neural import Clause, NeuralVoice, word_marks
from robot_voice.tts.piper import PiperTts
from robot_voice.types import Mark, SafeText, Samples, Speech

from .toy_voices import RATE, piper_voice

pytest.importorskip("piper")

LONG = "Well, if you want me to come over there, just tell me, and I will be there at once."


def never() -> bool:
    return False


def sound(spoken: list[Speech]) -> Samples:
    return np.concatenate([block.samples for block in spoken])


def say(tts: PiperTts, text: str, manner: str = "") -> list[Speech]:
    spoken = SafeText(text, "en", manner=manner)  # type: ignore[arg-type]
    return list(tts.synthesize(spoken, never))


@pytest.fixture(scope="module")
def tts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PiperTts]:
    engine = PiperTts(TtsConfig(), piper_voice(tmp_path_factory.mktemp("voice")), {"en": ""})
    yield engine
    engine.close()


def test_it_speaks(tts: PiperTts) -> None:
    spoken = say(tts, LONG)
    assert all(0 < block.seconds <= 0.25 for block in spoken)
    assert {block.rate for block in spoken} == {RATE}
    assert sound(spoken).dtype == np.float32
    assert len(sound(spoken)) > 3 * len(sound(say(tts, "Hello there."))) > 0
    assert 0.5 < np.abs(sound(spoken)).max() <= 1


@pytest.mark.parametrize("text", ["", "...", "🎉", "**"])
def test_nothing_to_say(tts: PiperTts, text: str) -> None:
    assert say(tts, text) == []


def test_markup_is_not_phonemes(tts: PiperTts) -> None:
    """Piper takes what stands in double brackets for phonemes."""
    bracketed, plain = say(tts, "[[Hello]]"), say(tts, "Hello")
    np.testing.assert_array_equal(sound(bracketed), sound(plain))


def test_config_and_manner_are_heard(tmp_path: Path) -> None:
    file = piper_voice(tmp_path)
    plain, fast, soft = (
        PiperTts(TtsConfig.model_validate(options), file, {})
        for options in ({}, {"rate": 330}, {"volume": 0.25})
    )
    usual = sound(say(plain, "Hello there."))
    assert len(sound(say(fast, "Hello there."))) == pytest.approx(len(usual) / 2, rel=0.1)
    assert np.abs(sound(say(soft, "Hello there."))).max() == pytest.approx(0.25, abs=0.01)
    gentle = sound(say(plain, "Hello there.", "gentle"))
    assert len(gentle) > 1.05 * len(usual)
    assert np.abs(gentle).max() < 0.9
    assert len(sound(say(plain, "Hello there.", "bright"))) <= len(usual)


def test_speakers(tmp_path: Path) -> None:
    file = piper_voice(tmp_path, speakers=["low", "high"])
    by_name, by_number, default = (
        sound(say(PiperTts(TtsConfig(), file, {"en": who}), "Hello.")) for who in ("high", "1", "")
    )
    np.testing.assert_array_equal(by_name, by_number)
    assert not np.array_equal(by_name, default)
    with pytest.raises(ConfigError, match=r"no speaker 'amy'; it has: low, high"):
        PiperTts(TtsConfig(), file, {"en": "amy"})
    with pytest.raises(ConfigError, match="no speaker '2'"):
        PiperTts(TtsConfig(), file, {"en": "2"})


def test_a_voice_that_tells_its_phonemes_gives_marks(tmp_path: Path) -> None:
    text = "Hello there, **robot**."
    spoken = say(PiperTts(TtsConfig(), piper_voice(tmp_path, aligned=True), {}), text)
    marks = [
        Mark(at * 0.25 + mark.at, mark.chars)
        for at, block in enumerate(spoken)
        for mark in block.marks
    ]
    assert [text[: mark.chars].rstrip("*. ") for mark in marks] == [
        "Hello",
        "Hello there,",
        "Hello there, **robot",
    ]
    assert marks == sorted(marks, key=lambda mark: mark.at)
    length = len(sound(spoken)) / RATE
    assert 0.8 * length < marks[-1].at <= length


def test_unknown_phonemes_cost_the_words_not_the_clauses(tmp_path: Path) -> None:
    file = piper_voice(tmp_path, aligned=True)
    beside = tmp_path / "toy.onnx.json"
    known = json.loads(beside.read_text())
    del known["phoneme_id_map"]["d"]
    beside.write_text(json.dumps(known))
    spoken = say(PiperTts(TtsConfig(), file, {}), "Good day.")
    assert [mark.chars for block in spoken for mark in block.marks] == [4, 9]


def test_a_plain_voice_gives_marks_where_onnx_is_there(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    spoken = say(PiperTts(TtsConfig(), piper_voice(tmp_path), {}), "Hello there.")
    assert [mark.chars for block in spoken for mark in block.marks] == [5, 12]


def words(text: str, *phonemes: tuple[str, int], cut: int = 0) -> list[tuple[float, str]]:
    clause = Clause(np.zeros(0, np.float32), 1000, phonemes)
    marks = word_marks(Traced.of(text), (0, len(text)), clause, cut)
    return [(round(mark.at, 3), text[: mark.chars]) for mark in marks]


def test_marks_of_words() -> None:
    phonemes = ("^", 100), ("a", 100), (" ", 10), ("b", 200), (".", 50), ("$", 40)
    assert words("Ah boo.", *phonemes) == [(0.2, "Ah"), (0.46, "Ah boo.")]
    assert words("Ah boo.", *phonemes, cut=80)[0] == (0.12, "Ah")
    assert words("Ah boo.", *phonemes, cut=300)[0] == (0.0, "Ah")
    assert words("Ah boo.") == []


def test_words_that_run_together_share_their_time() -> None:
    """The sound of three words, in two groups of phonemes."""
    phonemes = ("a", 60), (" ", 0), ("b", 60)
    assert words("ab cd ef", *phonemes) == [(0.03, "ab"), (0.075, "ab cd"), (0.12, "ab cd ef")]


def test_marks_of_syllables() -> None:
    phonemes = ("a", 300), (" ", 0), ("b", 200)
    assert words("가나다 라a", *phonemes) == [
        (0.1, "가"),
        (0.2, "가나"),
        (0.3, "가나다"),
        (0.4, "가나다 라"),
        (0.5, "가나다 라a"),
    ]


# --- voices that cannot be used ----------------------------------------------------


def broken(folder: Path, **changes: object) -> Path:
    file = piper_voice(folder)
    beside = folder / "toy.onnx.json"
    beside.write_text(json.dumps(json.loads(beside.read_text()) | changes))
    return file


def test_missing_files(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no .*none\.onnx\. A Piper voice is two files"):
        PiperTts(TtsConfig(), tmp_path / "none.onnx", {})
    (tmp_path / "half.onnx").write_bytes(b"\x08\x08")
    with pytest.raises(ModelError, match=r"no .*half\.onnx\.json"):
        PiperTts(TtsConfig(), tmp_path / "half.onnx", {})


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"audio": {}}, "does not describe a Piper voice"),
        ({"espeak": None}, "does not describe a Piper voice"),
        ({"phoneme_id_map": {}}, "is not a Piper voice"),
        ({"phoneme_type": "pinyin"}, "'pinyin' phonemes, for which Piper fetches"),
    ],
)
def test_no_piper_voice(tmp_path: Path, changes: dict[str, object], complaint: str) -> None:
    with pytest.raises(ModelError, match=complaint):
        PiperTts(TtsConfig(), broken(tmp_path, **changes), {})


def test_a_pointer_of_git_lfs_is_no_voice(tmp_path: Path) -> None:
    file = piper_voice(tmp_path)
    file.write_text("version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(ModelError, match="Fetch it again"):
        PiperTts(TtsConfig(), file, {})


def test_a_truncated_voice_fails_when_it_loads(tmp_path: Path) -> None:
    file = piper_voice(tmp_path)
    file.write_bytes(file.read_bytes()[:200])
    with pytest.raises(TtsError, match=r"The Piper voice toy\.onnx failed: "):
        say(PiperTts(TtsConfig(), file, {}), "Hello.")


def test_a_missing_library_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModelError, match=r'pip install "robot-voice\[piper\]"'):
        PiperTts(TtsConfig(), Path("x.onnx"), {})


# --- the process --------------------------------------------------------------------

ACTOR = """
import json, os, pathlib, socket, sys, time
import numpy

class PiperConfig:
    from_dict = classmethod(lambda cls, found: cls())
    sample_rate, length_scale = 1000, 1.0

class SynthesisConfig:
    def __init__(self, **options): pass

class Chunk:
    audio_float_array, phoneme_alignments = numpy.ones(500, numpy.float32), None

class PiperVoice:
    def __init__(self, session, config):
        self.config = config
        print("libraries print")
        mood = pathlib.Path(__file__).parent.with_name("mood").read_text()
        if mood == "connect":
            socket.create_connection(("127.0.0.1", 9), 1)
        if mood == "no load":
            raise ValueError("bad weights")

    def synthesize(self, text, options, include_alignments):
        with open(pathlib.Path(__file__).parent.with_name("said"), "a") as file:
            file.write(text + "\\n")
        if "crash" in text:
            os._exit(7)
        if "fail" in text:
            raise ValueError(text)
        if "hang" in text:
            time.sleep(60)
        if "slow" in text:
            time.sleep(0.15)
        yield Chunk()
"""


class Stage:
    """A voice whose library is an actor."""

    def __init__(self, folder: Path, mood: str = "", patience: float = 5.0) -> None:
        (folder / "piper").mkdir()
        (folder / "piper" / "__init__.py").write_text(ACTOR)
        (folder / "mood").write_text(mood)
        self._folder = folder
        self.setup = {"engine": "piper", "file": str(piper_voice(folder)), "threads": 1}
        self.voice = NeuralVoice("The actor", self.setup, patience)

    @property
    def said(self) -> list[str]:
        file = self._folder / "said"
        return file.read_text().splitlines() if file.exists() else []

    def say(self, *texts: str) -> Generator[Clause, None, None]:
        return self.voice.say({"clauses": texts, "speaker": None, "stretch": 1.0}, never)


@pytest.fixture(autouse=True)
def actors_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)


def children() -> set[str]:
    """Process ids of this process's children, zombies too; nothing where there is no /proc."""
    tasks = Path("/proc/self/task")
    listed = tasks.iterdir() if tasks.is_dir() else ()
    return {child for task in listed for child in (task / "children").read_text().split()}


def test_the_process_stays(tmp_path: Path) -> None:
    before, stage = children(), Stage(tmp_path)
    assert children() == before, "nothing is loaded before the first sentence"
    assert [len(clause.samples) for clause in stage.say("one", "two")] == [500, 500]
    first = children() - before
    assert len(list(stage.say("three"))) == 1
    assert children() - before == first
    del stage
    assert children() == before, "it goes with its voice"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("crash", "ended with status 7"), ("fail secretly", "failed: ValueError$")],
)
def test_a_failure_is_told_without_what_was_said_and_mended(
    tmp_path: Path, text: str, complaint: str
) -> None:
    stage = Stage(tmp_path)
    with pytest.raises(TtsError, match=f"^The actor {complaint}"):
        list(stage.say("one", text))
    assert len(list(stage.say("two"))) == 1


def test_one_that_hangs_is_ended(tmp_path: Path) -> None:
    before, stage = children(), Stage(tmp_path, patience=0.3)
    with pytest.raises(TtsError, match=r"said nothing for 0\.3 s \(see tts\.timeout_seconds\)"):
        list(stage.say("hang"))
    assert children() == before
    assert len(list(stage.say("two"))) == 1


def test_one_that_died_in_its_sleep_is_not_missed(tmp_path: Path) -> None:
    before, stage = children(), Stage(tmp_path)
    list(stage.say("one"))
    [child] = children() - before
    os.kill(int(child), 9)
    while Path(f"/proc/{child}/stat").read_text().split()[2] != "Z":
        time.sleep(0.01)
    assert len(list(stage.say("two"))) == 1


def test_giving_up_keeps_the_process_and_spares_the_rest(tmp_path: Path) -> None:
    before, stage = children(), Stage(tmp_path)
    saying = stage.say(*[f"slow {number}" for number in range(20)])
    next(saying)
    first = children() - before
    saying.close()
    assert [len(clause.samples) for clause in stage.say("new")] == [500]
    assert children() - before == first
    assert len(stage.said) < 6
    assert stage.said[-1] == "new"


def test_cancelled_while_it_loads_or_speaks(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    order = {"clauses": ["slow"], "speaker": None, "stretch": 1.0}
    assert list(stage.voice.say(order, lambda: True)) == []
    asked = 0

    def soon() -> bool:
        nonlocal asked
        asked += 1
        return asked > 40

    assert len(list(stage.voice.say({**order, "clauses": ["slow"] * 99}, soon))) < 99
    assert len(list(stage.say("two"))) == 1


def test_a_sentence_nobody_reads_blocks_nothing(tmp_path: Path) -> None:
    """More sound than a pipe holds is waiting when the next sentence begins."""
    stage = Stage(tmp_path)
    saying = stage.say(*["much"] * 200)
    next(saying)
    saying.close()
    assert len(list(stage.say("two"))) == 1


@pytest.mark.parametrize("texts", [[], ["much"] * 200])
def test_it_does_not_outlive_the_robot(tmp_path: Path, texts: list[str]) -> None:
    """Whether it waits for an order or for somebody to read what it says."""
    stage = Stage(tmp_path)
    command = [sys.executable, "-P", str(Path(neural.__file__).with_name("neural_child.py"))]
    pipe = subprocess.PIPE
    child = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)
    assert child.stdin is not None and child.stdout is not None
    order = {"number": 1, "clauses": texts, "speaker": None, "stretch": 1.0}
    for line in (stage.setup, order):
        child.stdin.write(json.dumps(line).encode() + b"\n")
        child.stdin.flush()
    assert json.loads(child.stdout.readline()) == {"rate": 1000, "bytes": 0}
    child.stdin.close()
    child.stdout.close()
    child.wait(timeout=20)


def test_why_it_does_not_load(tmp_path: Path) -> None:
    with pytest.raises(TtsError, match="The actor failed: ValueError: bad weights"):
        list(Stage(tmp_path, "no load").say("one"))


def test_a_voice_opens_no_connection(tmp_path: Path) -> None:
    with pytest.raises(TtsError, match="a voice opens no connection"):
        list(Stage(tmp_path, "connect").say("one"))
