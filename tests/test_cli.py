"""The command line, as a shell sees it: help, exit codes, JSON, and what is not imported."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from robot_voice import __version__, cli, errors
from robot_voice.config import Config
from robot_voice.demo import questions

COMMANDS = (
    "demo",
    "ask",
    "talk",
    "interpret",
    "chat",
    "run",
    "transcribe",
    "say",
    "devices",
    "doctor",
    "screen",
    "guidelines",
    "report list",
    "report show",
    "report export",
    "report resolve",
    "report delete",
    "version",
    "config",
    "config show",
    "config validate",
    "config schema",
)

ENGINES = (
    "faster_whisper",
    "ctranslate2",
    "llama_cpp",
    "onnxruntime",
    "sounddevice",
    "pyttsx3",
    "webrtcvad",
    "soxr",
    "av",
    "livekit",
    "numpy",
    "pydantic",
)
"""What ``--help`` must not import: all of it is slow, and some of it opens devices."""


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """The environment of a user who has configured nothing."""
    ours = {name: value for name, value in os.environ.items() if "ROBOT_VOICE" not in name}
    folders = {f"XDG_{kind}_HOME": str(tmp_path / kind) for kind in ("CONFIG", "DATA", "STATE")}
    return {**ours, **folders, "PYTHONUTF8": "1", "COLUMNS": "160", "TERM": "dumb"}


def run(
    home: dict[str, str], *arguments: str, python: Sequence[str] = ()
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *python, "-m", "robot_voice", *arguments],
        env=home,
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
        stdin=subprocess.DEVNULL,
    )


def output(home: dict[str, str], *arguments: str) -> Any:
    """The JSON a command that succeeds writes."""
    done = run(home, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# --- help ----------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*command.split(), "--help"]) == 0
    text = capsys.readouterr().out
    assert f"Usage: robot-voice {command}" in text
    assert "--help" in text


def test_help_tells_what_a_newcomer_must_know(home: dict[str, str]) -> None:
    done = run(home, "--help")
    assert done.returncode == 0
    for command in COMMANDS:
        assert re.search(rf"^\W+{command.split()[0]} ", done.stdout, re.MULTILINE), command
    for code in (0, 1, cli.USAGE, *cli.EXIT_CODES.values(), cli.INTERRUPTED):
        assert re.search(rf"^ +{code} +\w", done.stdout, re.MULTILINE), code
    assert "robot-voice demo" in done.stdout


def test_help_imports_no_engine(home: dict[str, str]) -> None:
    done = run(home, "--help", python=("-X", "importtime"))
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "typer" in imported
    assert "robot_voice.cli" in imported
    assert not {name for name in imported if name.partition(".")[0] in ENGINES}


def test_the_configuration_imports_no_engine(home: dict[str, str]) -> None:
    done = run(home, "config", "validate", python=("-X", "importtime"))
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    light = {"numpy", "pydantic"}
    assert "pydantic" in imported
    assert not imported & (set(ENGINES) - light)


def test_completion(home: dict[str, str]) -> None:
    assert "robot-voice" in run({**home, "SHELL": "/bin/bash"}, "--show-completion", "bash").stdout
    asked = {**home, "_ROBOT_VOICE_COMPLETE": "complete_bash"}

    def complete(*words: str) -> list[str]:
        line = {"COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
        return run({**asked, **line}).stdout.split()

    assert complete("robot-voice", "tr") == ["transcribe"]
    assert complete("robot-voice", "chat", "--config", "korean") == [
        "korean-casual",
        "korean-formal",
    ]
    assert complete("robot-voice", "chat", "--set", "asr.b") == ["asr.beam_size="]


# --- exit codes ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "kind", "part"),
    [
        (["nonsense"], 2, "UsageError", "nonsense"),
        (["say"], 2, "UsageError", "TEXT"),
        (["demo", "--fats"], 2, "UsageError", "--fats"),
        (["config", "show", "-c", "no-such"], 3, "ConfigError", "no-such"),
        (["config", "show", "-s", "asr.modle=x"], 3, "ConfigError", 'Did you mean "model"?'),
        (["version", "--json", "-s", "x=1"], 3, "ConfigError", "x: no such key"),
    ],
)
def test_failures(
    arguments: list[str],
    code: int,
    kind: str,
    part: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    plain = [argument for argument in arguments if argument != "--json"]
    if plain == arguments:
        assert cli.main(plain) == code
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.startswith("robot-voice: ")
        assert part in captured.err
        assert "Traceback" not in captured.err
    assert cli.main([*plain, "--json"]) == code
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["kind"] == kind
    assert part in error["message"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.ConfigError, 3),
        (errors.ModelError, 4),
        (errors.AudioError, 5),
        (errors.EngineError, 6),
        (errors.AsrError, 6),
        (errors.LlmError, 6),
        (errors.TtsError, 6),
        (errors.SafetyError, 6),
        (KeyboardInterrupt, 130),
    ],
)
def test_every_error_has_its_code(
    error: type[BaseException],
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(*arguments: object) -> None:
        raise error("what happened")

    monkeypatch.setattr("robot_voice.settings.load_config", fail)
    assert cli.main(["config", "show"]) == code
    told = capsys.readouterr().err
    assert told == ("" if error is KeyboardInterrupt else "robot-voice: what happened\n")


def test_a_bug_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("robot_voice.settings.load_config", fail)
    with pytest.raises(ZeroDivisionError):
        cli.main(["config", "show"])


def test_verbose_tells_where_an_error_comes_from(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli.main(["config", "show", "-c", "none", "--verbose"]) == 3
    assert "Traceback" in capsys.readouterr().err
    monkeypatch.setenv("ROBOT_VOICE_DEBUG", "1")
    assert cli.main(["config", "show", "-c", "none"]) == 3
    assert "Traceback" in capsys.readouterr().err


def test_every_error_that_may_be_raised_is_provided_for() -> None:
    for kind in vars(errors).values():
        if isinstance(kind, type) and kind is not errors.VoiceError:
            assert any(issubclass(kind, known) for known in cli.EXIT_CODES), kind


def test_a_reader_that_goes_away_is_no_error(home: dict[str, str]) -> None:
    command = (
        f"{shlex.quote(sys.executable)} -m robot_voice config schema --json | head -1; sleep 0.1"
    )
    done = subprocess.run(
        ["bash", "-c", command], env=home, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("{\n", "")


def test_letters_the_terminal_lacks_do_not_end_the_program(home: dict[str, str]) -> None:
    terminal = {**home, "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    done = run(terminal, "config", "show", "-c", "korean-casual")
    assert done.returncode == 0
    assert "korean_level" in done.stdout


# --- config --------------------------------------------------------------------


def test_config_show_is_a_configuration(home: dict[str, str], tmp_path: Path) -> None:
    done = run(home, "config", "show", "-c", "korean-casual", "-s", "tone.detail=4")
    tree = tomllib.loads(done.stdout)
    assert tree["tone"]["korean_level"] == "반말"
    assert tree["tone"]["detail"] == 4
    assert 'korean_level = "반말"  # ' in done.stdout
    assert "detail = 4  # option --set tone.detail=4" in done.stdout
    file = tmp_path / "mine.toml"
    file.write_text(done.stdout)
    assert run(home, "config", "validate", str(file)).returncode == 0


def test_config_show_as_json(home: dict[str, str]) -> None:
    home["ROBOT_VOICE__ASR__BEAM_SIZE"] = "2"
    shown = output(home, "config", "show")
    assert shown["file"].endswith("default.toml")
    assert shown["config"] == Config().model_copy(
        update={"asr": Config().asr.model_copy(update={"beam_size": 2})}
    ).model_dump(mode="json")
    assert shown["origins"]["asr.beam_size"] == "environment variable ROBOT_VOICE__ASR__BEAM_SIZE"


def test_the_configuration_may_be_named_by_a_variable(home: dict[str, str]) -> None:
    home["ROBOT_VOICE_CONFIG"] = "low-power"
    assert output(home, "config", "show")["config"]["vad"]["engine"] == "webrtc"
    assert output(home, "config", "show", "-c", "default")["config"]["vad"]["engine"] == "silero"


def test_config_validate_looks_at_every_file(home: dict[str, str], tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a.toml", "b.toml", "c.toml")]
    for file, text in zip(files, ("x = 1", "", "y = 1"), strict=True):
        file.write_text(text)
    done = run(home, "config", "validate", *map(str, files))
    assert done.returncode == 3
    assert f"{files[0]}:1: x" in done.stderr
    assert f"{files[2]}:1: y" in done.stderr
    assert output(home, "config", "validate", str(files[1])) == {"valid": [str(files[1])]}
    assert "default.toml: valid" in run(home, "config", "validate").stdout


def test_config_schema(home: dict[str, str]) -> None:
    text = run(home, "config", "schema").stdout
    assert 'tone.formality = "polite"    takes one of "casual", "polite", "formal"' in text
    assert "asr.threads = unset" in text
    assert output(home, "config", "schema") == Config.model_json_schema()
    toml = tomllib.loads(run(home, "config", "schema", "--toml").stdout)
    assert toml["vad"]["engine"] == "silero"


# --- what is here --------------------------------------------------------------


def test_version(home: dict[str, str]) -> None:
    assert run(home, "--version").stdout == f"robot-voice {__version__}\n"
    assert run(home, "version").stdout.startswith(f"robot-voice {__version__} (Python ")
    shown = output(home, "version", "-s", "asr.model=nothing")
    assert shown["robot-voice"] == __version__
    assert shown["packages"]["numpy"]
    assert re.fullmatch(r"[0-9a-f]{12}", shown["models"]["llm"]["sha256"])
    assert shown["models"]["llm"]["starter"] is True
    assert "not found" in shown["models"]["asr"]["error"]


def test_devices(home: dict[str, str]) -> None:
    shown = output(home, "devices")
    assert all({"name", "index", "inputs", "outputs"} <= set(item) for item in shown["devices"])
    done = run(home, "devices")
    assert done.returncode == 0
    assert done.stdout


def test_doctor(home: dict[str, str]) -> None:
    done = run(home, "doctor", "--json", "-s", "llm.model=nothing")
    shown = json.loads(done.stdout)
    assert (done.returncode, shown["ok"]) == (1, False)
    checks = {check["name"]: check for check in shown["checks"]}
    assert checks["language model"]["status"] == "fail"
    assert checks["language model"]["mend"]
    table = run(home, "doctor", "-s", "asr.modle=x")
    assert table.returncode == 1
    assert 'Did you mean "model"?' in table.stdout
    assert "Mend:" in table.stdout


# --- say and transcribe --------------------------------------------------------


def test_a_missing_model_stops_a_transcription(home: dict[str, str]) -> None:
    done = run(home, "transcribe", "x.wav", "-s", "asr.model=nothing", "--json")
    assert done.returncode == 4
    assert json.loads(done.stdout)["error"]["kind"] == "ModelError"


def test_a_missing_recording_stops_a_transcription(home: dict[str, str]) -> None:
    done = run(home, "transcribe", "no-such.wav")
    assert done.returncode == 5
    assert "no-such.wav" in done.stderr


def test_what_is_said_is_transcribed(home: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "hello.wav"
    said = output(home, "say", "What is your name?", "-o", str(file))
    assert (said["language"], said["said"]) == ("en", "What is your name?")
    [screened] = said["screened"]
    assert (screened["text"], screened["action"]) == ("What is your name?", "pass")
    [heard] = output(home, "transcribe", str(file))["files"]
    assert heard["seconds"] == pytest.approx(said["seconds"], abs=0.01)
    assert heard["language"] == "en"
    assert "name" in heard["text"].lower()
    assert run(home, "transcribe", str(file)).stdout == f"{heard['text']}\n"


def test_the_language_is_found_out_or_told(home: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "x.wav"
    assert output(home, "say", "안녕하세요", "-o", str(file))["language"] == "ko"
    assert output(home, "say", "Tag", "-l", "de", "-o", str(file))["language"] == "de"
    [heard] = output(home, "transcribe", str(file), "-l", "ko")["files"]
    assert (heard["language"], heard["language_confidence"]) == ("ko", 1.0)


def test_an_interpreter_says_it_in_the_other_language(home: dict[str, str], tmp_path: Path) -> None:
    korean = questions()[3]  # 안녕하세요
    between = ("interpret", "--from", "ko", "--to", "en", "--fast", "-o", str(tmp_path))
    [turn] = output(home, *between, str(korean))["turns"]
    assert turn["transcript"]["language"] == "ko"
    assert "hello" in turn["heard"].lower()
    [said] = turn["screened"]
    assert said["language"] == "en"
    english = run(home, *between, str(questions()[0]))
    assert english.returncode == 6
    assert "do not translate from en into ko" in english.stderr
    neither = run(home, "interpret", "--from", "ja", "--to", "zh", str(korean))
    assert neither.returncode == 3
    assert "from ja into zh and from zh into ja" in neither.stderr


def test_nothing_to_say(home: dict[str, str], tmp_path: Path) -> None:
    done = run(home, "say", "...", "-o", str(tmp_path / "x.wav"))
    assert done.returncode == 6
    assert "nothing to say" in done.stderr.lower()


def test_the_models_at_hand_are_listed(home: dict[str, str]) -> None:
    models = output(home, "models", "list")["models"]
    assert {("asr", "starter"), ("llm", "starter")} <= {(m["kind"], m["name"]) for m in models}
    pulled = run(home, "models", "pull")
    assert pulled.returncode == cli.USAGE
    assert "name a model, or a profile" in pulled.stderr
