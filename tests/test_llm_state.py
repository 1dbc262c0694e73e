"""Reading the instructions once for all starts: what is saved, what is believed, what is not."""

from __future__ import annotations

import logging
import os
import random
from pathlib import Path

import numpy as np
import pytest

from robot_voice.errors import LlmError
from robot_voice.llm.llama import LlamaLlm
from robot_voice.llm.state import FILES, StateFolder, fingerprint, maker
from robot_voice.llm_config import LlmConfig
from robot_voice.types import Message
from scripts.bench.untrained import make

RULES = "You are Nuri, a kind robot. Your words are spoken aloud: use short sentences. " * 3
TALK = [Message("system", RULES), Message("user", "Please tell me about the moon and the stars.")]
TOKENS = [1, 2, 3]
STATE = np.arange(1000, dtype=np.uint16).view(np.uint8)


def never() -> bool:
    return False


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make("tiny", tmp_path_factory.mktemp("gguf"))


@pytest.fixture(scope="module")
def reply(model: Path) -> str:
    """What a model that was never warmed answers."""
    llm = LlamaLlm(model, LlmConfig(max_tokens=30), 1)
    said = "".join(llm.generate(TALK, never))
    llm.close()
    assert len(said) > 20
    return said


@pytest.fixture
def states(tmp_path: Path) -> Path:
    return tmp_path / "states"


def start(model: Path, states: Path | None, **changes: object) -> LlamaLlm:
    return LlamaLlm(model, LlmConfig.model_validate({"max_tokens": 30, **changes}), 1, states)


def evaluated(llm: LlamaLlm) -> list[int]:
    """How many tokens each evaluation from now on is of."""
    counts: list[int] = []
    evaluate = llm._native.evaluate

    def counting(tokens: list[int]) -> bool:
        counts.append(len(tokens))
        return evaluate(tokens)

    llm._native.evaluate = counting  # type: ignore[method-assign, assignment]
    return counts


def files(states: Path) -> list[Path]:
    return sorted(states.iterdir())


@pytest.fixture
def saved(model: Path, states: Path) -> Path:
    """The folder after one start."""
    llm = start(model, states)
    llm.warm(RULES)
    llm.close()
    return states


# --- the engine --------------------------------------------------------------------------------


def test_the_second_start_reads_nothing_and_answers_the_same(
    model: Path, saved: Path, reply: str
) -> None:
    llm = start(model, saved)
    counts = evaluated(llm)
    llm.warm(RULES)
    assert counts == []
    assert "".join(llm.generate(TALK, never)) == reply
    question = len(llm._native.tokenize(TALK[1].text))
    assert counts[0] <= question + 10  # the question and the marks around it, not the rules
    llm.close()


def test_the_first_start_answers_the_same(model: Path, states: Path, reply: str) -> None:
    for folder in (states, None):
        llm = start(model, folder)
        llm.warm(RULES)
        assert "".join(llm.generate(TALK, never)) == reply
        llm.close()
    assert len(files(states)) == 1


def test_the_rules_come_back_after_something_else(model: Path, saved: Path, reply: str) -> None:
    llm = start(model, saved)
    llm.warm(RULES)
    list(llm.generate([Message("system", "Translate."), Message("user", "Good day")], never))
    counts = evaluated(llm)
    assert "".join(llm.generate(TALK, never)) == reply
    assert sum(counts) - len(counts) < len(llm._native.tokenize(TALK[1].text)) + 10
    llm.close()


def test_nothing_that_was_said_is_saved(model: Path, saved: Path) -> None:
    [file] = files(saved)
    before = file.read_bytes()
    llm = start(model, saved)
    llm.warm(RULES)
    list(llm.generate(TALK, never))
    llm.prefill([Message("system", RULES + " More."), Message("user", "A secret.")], never)
    list(llm.generate([Message("user", "A secret without rules.")], never))
    llm.close()
    assert files(saved) == [file] and file.read_bytes() == before
    assert file.stat().st_mode & 0o777 == 0o600
    assert saved.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "changes",
    [
        {"context_tokens": 1024},
        {"flash_attention": True},
        {"cache_type_k": "q8_0"},
        {"batch_tokens": 32},
        {"repack": True},
    ],
)
def test_other_settings_make_another_state(
    model: Path, saved: Path, changes: dict[str, object]
) -> None:
    llm = start(model, saved, **changes)
    counts = evaluated(llm)
    llm.warm(RULES)
    assert sum(counts) > 100
    assert len(files(saved)) == 2
    said = "".join(llm.generate(TALK, never))
    llm.close()
    fresh = start(model, None, **changes)
    assert "".join(fresh.generate(TALK, never)) == said
    fresh.close()


def test_a_damaged_state_is_replaced(
    model: Path, saved: Path, reply: str, caplog: pytest.LogCaptureFixture
) -> None:
    [file] = files(saved)
    whole = file.read_bytes()
    dice = random.Random(3)
    middle = dice.randrange(32, len(whole))
    flipped = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
    for content in (b"", b"x", whole[:20], whole[:-1], whole + b"x", flipped):
        file.write_bytes(content)
        llm = start(model, saved)
        with caplog.at_level(logging.WARNING):
            llm.warm(RULES)
        assert "".join(llm.generate(TALK, never)) == reply
        llm.close()
        assert files(saved) == [file] and file.read_bytes() == whole
        assert file.name in caplog.text
        caplog.clear()


def test_what_llama_cpp_refuses_is_read_anew(model: Path, saved: Path, reply: str) -> None:
    [file] = files(saved)
    whole = file.read_bytes()
    llm = start(model, saved)
    llm.warm(RULES)
    [head] = llm._heads
    assert llm._folder
    llm._folder.save(head, STATE)  # whole, and nonsense
    assert file.read_bytes() != whole
    llm.warm(RULES)
    assert file.read_bytes() == whole
    assert "".join(llm.generate(TALK, never)) == reply
    llm.close()


def test_a_folder_that_cannot_be_written_is_told_and_no_trouble(
    model: Path, tmp_path: Path, reply: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    llm = start(model, tmp_path / "file")
    with caplog.at_level(logging.WARNING):
        llm.warm(RULES)
    assert "is not kept" in caplog.text and RULES[:20] not in caplog.text
    assert "".join(llm.generate(TALK, never)) == reply
    llm.close()


def test_rules_without_room_are_an_error(model: Path, states: Path) -> None:
    llm = start(model, states)
    with pytest.raises(LlmError, match=r"persona\.description"):
        llm.warm(RULES * 20)
    llm.close()
    assert not states.exists()


# --- the folder --------------------------------------------------------------------------------


def test_a_state_is_good_for_its_maker_and_tokens_alone(states: Path) -> None:
    one, other = StateFolder(states, "one"), StateFolder(states, "other")
    one.save(TOKENS, STATE)
    loaded = one.load(TOKENS)
    assert loaded is not None and np.array_equal(loaded, STATE)
    assert other.load(TOKENS) is None and one.load(TOKENS[:2]) is None
    one._path(TOKENS).rename(other._path(TOKENS))  # under a wrong name it is damaged
    assert other.load(TOKENS) is None


def test_the_least_used_state_goes_first(states: Path) -> None:
    folder = StateFolder(states, "one")
    for number in range(FILES):
        folder.save([number], STATE)
        os.utime(folder._path([number]), (number, number))
    assert folder.load([0]) is not None  # used just now
    folder.save([99], STATE)
    kept = [number for number in (*range(FILES), 99) if folder.load([number]) is not None]
    assert kept == [0, *range(2, FILES), 99]
    assert len(files(states)) == FILES


def test_a_crash_in_the_middle_leaves_a_file_that_goes_in_time(states: Path) -> None:
    folder = StateFolder(states, "one")
    states.mkdir()
    left = states / "tmp1234.state"
    left.write_bytes(b"half")
    os.utime(left, (1, 1))
    for number in range(FILES):
        folder.save([number], STATE)
    assert not left.exists()


def test_a_model_is_told_from_others_by_any_part_of_it(tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(bytes(5_000_000))
    os.utime(path, (1, 1))
    seen = {fingerprint(path)}
    with path.open("r+b") as file:
        file.seek(2_500_000)
        file.write(b"x")
    os.utime(path, (1, 1))
    seen.add(fingerprint(path))
    os.utime(path, (1, 2))
    seen.add(fingerprint(path))
    path.write_bytes(bytes(4_999_999))
    seen.add(fingerprint(path))
    assert len(seen) == 4


def test_all_parts_of_a_model_count(tmp_path: Path) -> None:
    parts = [tmp_path / f"m-0000{number}-of-00002.gguf" for number in (1, 2)]
    for part in parts:
        part.write_bytes(b"GGUF")
    config = LlmConfig()
    before = maker(parts[0], config, 512, False)
    assert maker(parts[0], config, 512, False) == before
    parts[1].write_bytes(b"GGUF!")
    assert maker(parts[0], config, 512, False) != before
