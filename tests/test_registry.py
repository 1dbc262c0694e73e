"""Where models are looked for, and what is said when they are not there."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from robot_voice import paths
from robot_voice.errors import ModelError
from robot_voice.models.registry import ModelKind, available, find_model, model_hash

KINDS: Sequence[ModelKind] = ("asr", "llm")
GGUF = b"GGUF\x03\x00\x00\x00"
WHISPER = b"\x06\x00\x00\x00\x0c\x00WhisperSpec\x00"


@pytest.fixture(autouse=True)
def user_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path / "data" / "robot-voice" / "models"


def gguf(file: Path, data: bytes = GGUF) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    return file


def whisper(folder: Path, without: str = "", weights: bytes = WHISPER) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("config.json", "tokenizer.json", "vocabulary.json"):
        if name != without:
            (folder / name).write_text("{}")
    if without != "model.bin":
        (folder / "model.bin").write_bytes(weights)
    return folder


def complaint(kind: ModelKind, name: str, folder: Path | None) -> str:
    with pytest.raises(ModelError) as caught:
        find_model(kind, name, folder)
    return str(caught.value)


# --- what is found -------------------------------------------------------------


def test_the_starter_models() -> None:
    asr, llm = find_model("asr", "starter", None), find_model("llm", "starter", None)
    assert (asr.path, asr.weights) == (paths.starter_models() / "asr", asr.path / "model.bin")
    assert llm.path.suffix == ".gguf"
    assert llm.weights == llm.path
    assert asr.is_starter
    assert llm.is_starter
    assert llm.size == llm.path.stat().st_size > 1_000_000


def test_starter_means_the_starter_whatever_else_is_called_so(tmp_path: Path) -> None:
    whisper(tmp_path / "starter")
    assert find_model("asr", "starter", tmp_path).path == paths.starter_models() / "asr"


def test_a_path_beside_the_configuration_comes_first(tmp_path: Path, user_models: Path) -> None:
    near, far = gguf(tmp_path / "q.gguf"), gguf(user_models / "q.gguf")
    assert find_model("llm", "q.gguf", tmp_path).path == near
    assert find_model("llm", "q", tmp_path).path == near
    assert find_model("llm", "q", tmp_path / "elsewhere").path == far
    assert find_model("llm", str(near), None).path == near
    assert not find_model("llm", "q", tmp_path).is_starter


def test_the_shipped_folder_comes_before_the_users(user_models: Path) -> None:
    gguf(user_models / "starter" / "llm" / "x.gguf")
    assert find_model("llm", "starter/llm", None).is_starter


def test_without_a_folder_paths_start_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = whisper(tmp_path / "w")
    assert find_model("asr", "w", None).path == folder


def test_the_home_folder(tmp_path: Path) -> None:
    file = gguf(tmp_path / "home" / "m" / "q.gguf")
    assert find_model("llm", "~/m/q.gguf", Path("/nowhere")).path == file


def test_a_folder_with_one_gguf_means_that_file(user_models: Path) -> None:
    file = gguf(user_models / "qwen2.5-0.5b" / "model-q4_k_m.gguf")
    assert find_model("llm", "qwen2.5-0.5b", None).path == file


def test_a_gguf_in_parts_is_one_model(user_models: Path) -> None:
    parts = [gguf(user_models / "big" / f"b-0000{n}-of-00002.gguf", GGUF * n) for n in (1, 2)]
    found = find_model("llm", "big", None)
    assert (found.path, found.size) == (parts[0], 3 * len(GGUF))
    parts[1].unlink()
    assert "b-00002-of-00002.gguf" in complaint("llm", "big", None)


def test_a_folder_of_the_same_name_that_is_no_model_is_passed_by(
    tmp_path: Path, user_models: Path
) -> None:
    folder, file = whisper(user_models / "base"), gguf(user_models / "chat.gguf")
    (tmp_path / "base").mkdir()
    (tmp_path / "chat").mkdir()
    assert find_model("asr", "base", tmp_path).path == folder
    assert find_model("llm", "chat", tmp_path).path == file


def test_names_at_hand(user_models: Path) -> None:
    before = {kind: set(available(kind)) for kind in KINDS}
    assert "starter" in before["asr"] & before["llm"]
    whisper(user_models / "our-small")
    gguf(user_models / "our-chat.gguf")
    (user_models / "notes.txt").write_text("")
    assert set(available("asr")) - before["asr"] == {"our-small"}
    assert set(available("llm")) - before["llm"] == {"our-chat"}


# --- what is not ---------------------------------------------------------------


def test_every_place_is_named(tmp_path: Path, user_models: Path) -> None:
    whisper(user_models / "whisper-small")
    message = complaint("asr", "wisper-small", tmp_path)
    assert "asr.model = 'wisper-small': not found" in message
    assert 'Did you mean "whisper-small"?' in message
    for folder in (tmp_path, paths.models(), user_models):
        assert str(folder / "wisper-small") in message
    assert message.endswith("whisper-small.")


@pytest.mark.parametrize("name", ["", "/", "/no/where", "../tests", "a\0b", "no.gguf"])
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_there(kind: ModelKind, name: str, tmp_path: Path) -> None:
    assert "not found" in complaint(kind, name, tmp_path)


def test_a_name_too_long_for_a_file(tmp_path: Path) -> None:
    assert "File name too long" in complaint("llm", "x" * 300, tmp_path)


Make = Callable[[Path], Path]


@pytest.mark.parametrize(
    ("kind", "make", "part"),
    [
        ("asr", lambda at: whisper(at, without="model.bin"), "for lack of model.bin"),
        ("asr", lambda at: whisper(at, without="tokenizer.json"), "for lack of tokenizer.json"),
        ("asr", lambda at: whisper(at, without="vocabulary.json"), "for lack of vocabulary.*"),
        ("asr", lambda at: whisper(at, weights=b""), "not a Whisper model"),
        ("asr", lambda at: whisper(at, weights=b"PK\x03\x04 pytorch"), "not a Whisper model"),
        ("asr", lambda at: gguf(at / "q.gguf"), "is a file; asr.model wants a folder"),
        ("llm", lambda at: gguf(at / "q.gguf", b""), "not a GGUF model"),
        ("llm", lambda at: gguf(at / "q.gguf", b"<!DOCTYPE html>"), "not a GGUF model"),
        ("llm", lambda at: gguf(at / "q.gguf", b"version https://git-lfs.github.com"), "lfs pull"),
        ("llm", lambda at: gguf(gguf(at / "a.gguf").parent / "b.gguf").parent, "several models"),
    ],
)
def test_a_damaged_model(kind: ModelKind, make: Make, part: str, tmp_path: Path) -> None:
    path = make(tmp_path / "m")
    message = complaint(kind, str(path), None)
    assert str(path) in message
    assert part in message


# --- hashes --------------------------------------------------------------------


def test_the_hash_is_that_of_the_weights(tmp_path: Path) -> None:
    folder, file = whisper(tmp_path / "w"), gguf(tmp_path / "q.gguf")
    assert model_hash(folder) == hashlib.sha256(WHISPER).hexdigest()[:12]
    assert model_hash(folder / "model.bin") == model_hash(folder)
    assert model_hash(file) == hashlib.sha256(GGUF).hexdigest()[:12]


def test_a_changed_file_has_another_hash(tmp_path: Path) -> None:
    file = gguf(tmp_path / "q.gguf")
    before = model_hash(file)
    file.write_bytes(GGUF[::-1])
    os.utime(file, (1, 1))
    assert model_hash(file) != before


def test_the_hash_of_nothing(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        model_hash(tmp_path / "none")
