"""``robot-voice models ...`` as an owner uses it: from nothing to a robot with full models."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from robot_voice import cli, paths
from robot_voice.doctor import software
from robot_voice.doctor.check import Check, Subject
from robot_voice.models.manifest import Machine, load_manifest
from robot_voice.models.registry import find_model
from robot_voice.models.store import Store
from robot_voice.settings import load_config

from .hub import FakeHub
from .hub_faults import model

GGUF = b"GGUF\x03\x00\x00\x00" + bytes(range(256)) * 100

Do = Callable[..., int]
Read = Callable[[], Any]


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    """The owner's hub. It has two profiles and a model that nothing uses yet."""
    from huggingface_hub import constants
    from huggingface_hub.utils import close_session

    manifest = load_manifest()
    names = {*manifest.profile("pi").models, *manifest.profile("laptop").models, "smart-turn-v3"}
    repositories = {}
    for entry in map(manifest.entry, sorted(names)):
        files = model() if entry.kind == "asr" else dict.fromkeys(entry.files, GGUF)
        repositories[entry.repository] = files
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for kind in ("CONFIG", "DATA"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind))
    with FakeHub(repositories).running() as fake:
        monkeypatch.setenv("HF_ENDPOINT", fake.url)
        yield fake
    close_session()


@pytest.fixture
def do() -> Do:
    return lambda *arguments: cli.main(["models", *arguments])


@pytest.fixture
def read(capsys: pytest.CaptureFixture[str]) -> Read:
    return lambda: json.loads(capsys.readouterr().out)


def profile_check() -> Check:
    [check] = software.profile(Subject(load_config("default", (), {})))
    return check


@pytest.mark.parametrize("command", ["list", "pull", "verify", "import", "remove", "path"])
def test_help(command: str, do: Do, capsys: pytest.CaptureFixture[str]) -> None:
    assert do(command, "--help") == 0
    assert f"Usage: robot-voice models {command}" in capsys.readouterr().out


def test_a_profile_is_all_it_takes(hub: FakeHub, do: Do, read: Read) -> None:
    """Pull, and `run` uses it: no configuration is written."""
    assert do("pull", "--profile", "laptop", "--json") == 0
    shown = read()
    assert shown["in_use"] == {"asr": "whisper-small", "llm": "qwen3-4b"}
    assert [one["fetched"] for one in shown["models"]] == [True, True]
    config = load_config("default", (), {}).config
    assert find_model("asr", config.asr.model, None).name == "whisper-small"
    assert find_model("llm", config.llm.model, None).path.suffix == ".gguf"
    assert do("list", "--json") == 0
    listed = read()
    here = {(one["kind"], one["name"]): one["auto"] for one in listed["models"]}
    assert here[("asr", "whisper-small")]
    assert here[("llm", "qwen3-4b")]
    assert not here[("asr", "starter")]
    assert {one["name"] for one in listed["manifest"] if one["at_hand"]} == {
        *("whisper-small", "qwen3-4b")
    }
    assert do("verify", "--json") == 0
    assert {one["status"] for one in read()["models"]} == {"ok"}
    assert do("pull", "--profile", "laptop", "--json") == 0
    assert [one["fetched"] for one in read()["models"]] == [False, False]


def test_the_robot_runs_on_what_was_pulled(hub: FakeHub, do: Do, read: Read) -> None:
    """The starter's weights, as if they were the full ones: nothing but the pull is done."""
    starter = paths.starter_models()
    manifest = load_manifest()
    weights = {file.name: file.read_bytes() for file in (starter / "asr").iterdir()}
    [chat] = (starter / "llm").glob("*.gguf")
    entry = manifest.entry("qwen3-4b")
    hub.repositories[manifest.entry("whisper-turbo").repository] = weights
    hub.repositories[entry.repository] = {entry.files[0]: chat.read_bytes()}
    assert do("pull", "--profile", "desktop", "--json") == 0
    assert read()["in_use"] == {"asr": "whisper-turbo", "llm": "qwen3-4b"}
    question = starter / "questions" / "1-en-hello.wav"
    assert cli.main(["transcribe", str(question), "--json"]) == 0
    assert read()["files"][0]["text"]
    assert cli.main(["version", "--json"]) == 0
    models = read()["models"]
    assert not models["asr"]["starter"]
    assert "whisper-turbo" in models["asr"]["path"]
    assert not models["llm"]["starter"]


def test_a_licence_is_accepted_once(
    hub: FakeHub, do: Do, capsys: pytest.CaptureFixture[str]
) -> None:
    assert do("pull", "llama-3.2-1b") == 4
    told = capsys.readouterr().err
    assert "Llama 3.2 Community License" in told
    assert "https://www.llama.com/llama3_2/license/" in told
    assert "--accept-licence" in told
    assert Store().names() == []
    assert do("pull", "llama-3.2-1b", "--accept-licence") == 0
    assert Store().locks()["llama-3.2-1b"].accepted
    assert Store().accepted() == {"llama3_2"}
    (Store().folder("llama-3.2-1b") / "Llama-3.2-1B-Instruct-Q4_K_M.gguf").unlink()
    assert do("pull", "llama-3.2-1b") == 0
    assert "To use llama-3.2-1b" in capsys.readouterr().out
    assert Store().accepted() == {"llama3_2"}


def test_a_model_for_later_is_fetched_and_said_to_be(
    hub: FakeHub, do: Do, capsys: pytest.CaptureFixture[str]
) -> None:
    assert do("pull", "smart-turn-v3", "--use") == 0
    assert "has no use for it yet" in capsys.readouterr().out
    assert Store().chosen() == {}
    assert do("list") == 0
    text = capsys.readouterr().out
    assert "turn smart-turn-v3" in text
    assert "kept for later, not used yet" in text


def test_a_mirror(hub: FakeHub, do: Do, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert do("pull", "smart-turn-v3", "--mirror", hub.url + "/") == 0
    assert Store().names() == ["smart-turn-v3"]


def test_what_cannot_be_pulled(do: Do, capsys: pytest.CaptureFixture[str]) -> None:
    assert do("pull") == cli.USAGE
    assert "--profile" in capsys.readouterr().err
    assert do("pull", "--profile", "robot") == 4
    assert "There are pi, jetson-cpu, laptop, desktop" in capsys.readouterr().err
    assert do("pull", "wisper-small", "--json") == 4
    assert "whisper-small" in json.loads(capsys.readouterr().out)["error"]["message"]


def test_damage_is_found_and_mended(hub: FakeHub, do: Do, read: Read) -> None:
    assert do("pull", "whisper-small", "--json") == 0
    [one] = read()["models"]
    weights = Path(one["path"]) / "model.bin"
    weights.write_bytes(weights.read_bytes()[:-1] + b"?")
    assert do("verify", "whisper-small", "--json") == 4
    [found] = read()["models"]
    assert found["status"] == "damaged"
    assert found["problems"] == ["model.bin: damaged (its SHA-256 is another)"]
    assert found["mend"] == "robot-voice models pull whisper-small"
    assert do(*found["mend"].split()[2:], "--json") == 0
    read()
    assert do("verify", "whisper-small", "--json") == 0


def test_by_usb_stick(
    hub: FakeHub,
    do: Do,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert do("pull", "--profile", "laptop", "--json") == 0
    capsys.readouterr()
    assert do("path") == 0
    stick = Path(capsys.readouterr().out.strip()).rename(tmp_path / "stick")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert do("import", str(stick), "--use") == 0
    text = capsys.readouterr().out
    assert text.count("checked against its lock") == 2
    assert "whisper-small is in use" in text
    assert Store().chosen() == {"asr": "whisper-small", "llm": "qwen3-4b"}


def test_removing(hub: FakeHub, do: Do, capsys: pytest.CaptureFixture[str]) -> None:
    assert do("pull", "smart-turn-v3") == 0
    assert do("remove", "starter", "--yes") == 4
    assert "belong to the program" in capsys.readouterr().err
    assert do("remove", "smart-turn-v3", "--yes") == 0
    assert "free again" in capsys.readouterr().out
    assert Store().names() == []
    assert do("remove", "smart-turn-v3", "--yes", "--json") == 4
    assert "no such model" in json.loads(capsys.readouterr().out)["error"]["message"]


def test_a_list_with_a_damaged_model(hub: FakeHub, do: Do, read: Read) -> None:
    assert do("pull", "whisper-small", "--json") == 0
    folder = Path(read()["models"][0]["path"])
    (folder / "model.bin").write_bytes(b"?")
    assert do("list", "--json") == 0
    [entry] = [one for one in read()["models"] if one["name"] == "whisper-small"]
    assert "not a Whisper model" in entry["error"]
    (folder / "model.lock.json").write_text("{")
    assert do("list") == 0


@pytest.mark.parametrize(
    ("machine", "words"),
    [
        (Machine(8_000, 4, jetson=False), ("profile laptop", "pull --profile laptop")),
        (Machine(4_000, 4, jetson=False), ("profile pi", "pull --profile pi")),
        (Machine(1_000, 1, jetson=False), ("too small", "")),
    ],
)
def test_the_doctor_suggests_a_profile(
    machine: Machine, words: Sequence[str], hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Machine, "here", classmethod(lambda cls: machine))
    check = profile_check()
    assert words[0] in check.detail
    assert words[1] in check.mend
    assert (check.status == "warn") == bool(words[1])


def test_the_doctor_is_content_with_full_models(hub: FakeHub, do: Do) -> None:
    assert do("pull", "--profile", "laptop", "--json") == 0
    assert profile_check().status == "ok"
