"""The doctor: what each check says of a machine that is well, and of one that is not."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from robot_voice.config import Config
from robot_voice.doctor import CHECKS, Check, Subject, examine, healthy, machine, software, sound
from robot_voice.errors import AudioError, ConfigError
from robot_voice.settings import Loaded, load_config


def subject(*overrides: str) -> Subject:
    return Subject(load_config("default", overrides, {}))


def only(checks: Iterable[Check]) -> Check:
    [check] = checks
    return check


def test_a_whole_examination(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    checks = examine(subject())
    assert len({check.name for check in checks}) == len(checks) >= len(CHECKS) - 1
    assert all(check.detail for check in checks)
    assert all(check.mend for check in checks if check.status == "fail")
    assert not list(tmp_path.iterdir()), "an examination leaves nothing behind"


def test_only_failures_are_unhealthy() -> None:
    well, ill = Check("a", "warn", "x"), Check("b", "fail", "y", "z")
    assert healthy([well])
    assert not healthy([well, ill])


# --- software ------------------------------------------------------------------


def test_a_wrong_configuration_is_told_and_the_rest_goes_on() -> None:
    checks = examine(Subject(Loaded(Config()), ConfigError("x.toml:3: nonsense")))
    failed = [check for check in checks if check.name == "configuration"]
    assert failed[0].status == "fail"
    assert "x.toml:3: nonsense" in failed[0].detail
    assert "config schema" in failed[0].mend
    assert len(checks) > 5


def test_packages_are_all_there() -> None:
    assert only(software.packages(subject())).status == "ok"
    assert software.package_version("no-such-package") is None


def test_models() -> None:
    asr, llm = software.models(subject("llm.model=no-such-model"))
    assert (asr.status, llm.status) == ("ok", "fail")
    assert "starter" in asr.detail
    assert "no-such-model" in llm.detail
    assert 'llm.model = "starter"' in llm.mend


def test_an_unknown_voice() -> None:
    checks = list(software.espeak(subject("tts.voices.ko=xyzzy")))
    if checks[0].status == "fail":
        pytest.skip("espeak-ng is not installed")
    assert [check.status for check in checks] == ["ok", "fail"]
    assert "xyzzy" in checks[1].detail
    assert "tts.voices" in checks[1].mend


def test_without_espeak(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    check = only(software.espeak(subject()))
    assert check.status == "fail"
    assert "apt install espeak-ng" in check.mend
    assert list(software.espeak(subject("tts.engine=pyttsx3"))) == []


# --- machine -------------------------------------------------------------------


def test_more_threads_than_cores() -> None:
    assert only(machine.cores(subject())).status == "ok"
    check = only(machine.cores(subject("llm.threads=256")))
    assert check.status == "warn"
    assert "llm.threads = 256" in check.detail
    assert str(machine.usable_cores()) in check.mend


@pytest.mark.parametrize(
    ("kind", "text", "status", "found"),
    [
        ("x86_64", "flags\t\t: fpu sse2 avx2 avx512f avx512bw", "ok", "AVX2, AVX512"),
        ("x86_64", "model name\t: x\nflags\t\t: fpu sse2 avx", "warn", "neither AVX2 nor NEON"),
        ("armv7l", "Features\t: half neon vfpv4", "ok", "NEON"),
        ("aarch64", "", "ok", "NEON"),
        ("x86_64", "", "warn", "does not tell"),
    ],
)
def test_vector_instructions(
    kind: str, text: str, status: str, found: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cpu_info = tmp_path / "cpuinfo"
    cpu_info.write_text(text)
    monkeypatch.setattr(machine, "_CPU_INFO", cpu_info)
    monkeypatch.setattr("platform.machine", lambda: kind)
    check = only(machine.vector_instructions(subject()))
    assert check.status == status
    assert found in check.detail


def test_a_model_larger_than_the_memory(tmp_path: Path) -> None:
    huge = tmp_path / "huge.gguf"
    with huge.open("wb") as file:
        file.write(b"GGUF")
        file.truncate(1 << 42)  # 4 TiB, all holes
    check = only(machine.memory(subject(f"llm.model={huge}")))
    assert check.status == "fail"
    assert "smaller models" in check.mend


def test_memory_says_nothing_of_a_model_that_is_not_there() -> None:
    assert list(machine.memory(subject("asr.model=none"))) == []


def test_real_time_is_tried_and_undone() -> None:
    before = os.sched_getscheduler(0)
    check = only(machine.realtime(subject()))
    assert os.sched_getscheduler(0) == before
    assert check.status in ("ok", "warn")
    assert bool(check.mend) == (check.status == "warn")
    assert "not asked for" in only(machine.realtime(subject("audio.realtime_priority=0"))).detail


def test_real_time_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    check = only(machine.realtime(subject()))
    assert check.status == "warn"
    assert "LimitRTPRIO=10" in check.mend


def test_the_state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "not" / "yet"))
    check = only(machine.state_folder(subject()))
    assert check.status == "ok"
    assert str(tmp_path / "not" / "yet" / "robot-voice") in check.detail
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    check = only(machine.state_folder(subject()))
    assert check.status == "fail"
    assert str(tmp_path) in check.mend


# --- sound ---------------------------------------------------------------------


def test_a_device_that_is_not_there_is_a_warning() -> None:
    """What it says of a machine with sound or without: files work all the same."""
    for function in (sound.microphone, sound.loudspeaker):
        check = only(function(subject("audio.input=no such", "audio.output=no such")))
        assert check.status == "warn"
        assert "files still work" in check.detail
        assert "robot-voice devices" in check.mend


def test_without_portaudio(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise AudioError("the sound library PortAudio is missing")

    monkeypatch.setattr(sound, "list_devices", missing)
    assert only(sound.portaudio(subject())).status == "fail"
    assert only(sound.microphone(subject())).status == "warn"


def test_sound_permissions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sound, "_SOUND_DEVICES", tmp_path / "none")
    assert list(sound.permissions(subject())) == []
    (tmp_path / "controlC0").write_text("")
    monkeypatch.setattr(sound, "_SOUND_DEVICES", tmp_path)
    assert only(sound.permissions(subject())).status == "ok"
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    check = only(sound.permissions(subject()))
    assert check.status == "warn"
    assert "controlC0" in check.detail
    assert "usermod -aG audio" in check.mend


@pytest.mark.parametrize(
    ("wanted", "installed", "status"),
    [
        ("auto", True, "ok"),
        ("auto", False, "warn"),
        ("aec", True, "ok"),
        ("aec", False, "fail"),
        ("half-duplex", False, "ok"),
        ("off", False, "ok"),
    ],
)
def test_echo(wanted: str, installed: bool, status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    find: Callable[[str], object] = lambda name: object() if installed else None  # noqa: E731
    monkeypatch.setattr("importlib.util.find_spec", find)
    check = only(sound.echo(subject(f"audio.echo={wanted}")))
    assert check.status == status
    assert ("pip install livekit" in check.mend) == (status != "ok")
