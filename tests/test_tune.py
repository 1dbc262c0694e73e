"""Tuning: the search among settings, and what it writes into the owner's configuration.

No test says which setting is faster: that is what the command is for.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from robot_voice.commands import tune
from robot_voice.errors import ConfigError
from robot_voice.llm.tuning import BATCHES, Measured, Settings, measure, present, search
from robot_voice.llm_config import LlmConfig

STARTER = Path(__file__).parents[1] / "models/starter/llm/nuri-chat-starter-q8_0.gguf"
BEGIN = Settings(threads=4, repack=False, flash_attention=False, batch_tokens=64)
FOUND = {"threads": 2, "repack": True}

Cost = Callable[[Settings], float]


class Machine:
    """A made-up machine: ``cost`` is how many times as long as usual everything takes."""

    def __init__(self, cost: Cost, abort: Cost = lambda _: 0.01) -> None:
        self.cost, self.abort = cost, abort
        self.asked: list[Settings] = []

    def measured(self, settings: Settings) -> Measured:
        self.asked.append(settings)
        cost = self.cost(settings)
        return Measured(settings, 100 / cost, 20 / cost, self.abort(settings))

    def best(self, seconds: float = 1e6, roomy: bool = True) -> Settings:
        return search(BEGIN, self.measured, seconds, roomy).settings


# --- the search --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wanted",
    [
        Settings(4, True, False, 64),
        Settings(2, False, False, 128),
        Settings(3, True, True, 256),
        Settings(2, False, True, 32),
    ],
)
def test_each_setting_is_found(wanted: Settings) -> None:
    pairs = wanted.to_dict().items()
    machine = Machine(lambda s: 2.0 ** sum(getattr(s, name) != value for name, value in pairs))
    assert machine.best() == wanted


def test_where_nothing_is_faster_nothing_changes() -> None:
    machine = Machine(lambda s: 1.0 if s == BEGIN else 0.97)  # less than the noise
    assert machine.best() == BEGIN
    assert len(machine.asked) > len(BATCHES)


def test_a_gain_that_was_a_neighbours_rest_is_not_believed() -> None:
    costs = iter([1.0, 0.5, *[1.0] * 50])  # only the second measurement was quick
    assert Machine(lambda _: next(costs)).best() == BEGIN


def test_a_setting_that_cannot_be_interrupted_is_not_chosen() -> None:
    slow = Machine(lambda s: 64 / s.batch_tokens, abort=lambda s: s.batch_tokens / 2000)
    assert slow.best().batch_tokens == 64
    assert Machine(lambda s: 64 / s.batch_tokens).best().batch_tokens == 256


def test_without_time_or_memory_less_is_tried() -> None:
    machine = Machine(lambda s: 1.0)
    assert machine.best(seconds=0) == BEGIN and machine.asked == [BEGIN]
    machine = Machine(lambda s: 1.0)
    machine.best(roomy=False)
    assert not any(settings.repack for settings in machine.asked)


def test_one_thread_stays_one() -> None:
    machine = Machine(lambda s: 1.0)
    search(Settings(1, True, False, 64), machine.measured, 1e6, True)
    assert {settings.threads for settings in machine.asked} == {1}


# --- the machine -------------------------------------------------------------------------------


@pytest.mark.parametrize("flash", [False, True])
def test_a_real_model_is_measured(flash: bool) -> None:
    config = LlmConfig(flash_attention=True, cache_type_v="q8_0", context_tokens=256)
    settings = Settings(1, True, flash, 32)
    found = measure(STARTER, config, settings)
    assert found.settings == settings
    assert found.prefill > 0 and found.decode > 0 and found.abort >= 0
    assert found.turn == pytest.approx(60 / found.prefill + 12 / found.decode)


def test_what_is_in_force() -> None:
    assert present(STARTER, LlmConfig(), 3) == Settings(3, True, False, 64)  # it is Q8_0
    config = LlmConfig(repack=False, batch_tokens=128, flash_attention=True)
    assert present(STARTER, config, 1) == Settings(1, False, True, 128)


# --- the owner's file --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "[llm]\nthreads = 2\nrepack = true\n"),
        ("mode = 'x'\n", "mode = 'x'\n\n[llm]\nthreads = 2\nrepack = true\n"),
        (
            '# mine\n[llm]\nmodel = "a"\n[tts]\nrate = 1\n',
            '# mine\n[llm]\nthreads = 2\nrepack = true\nmodel = "a"\n[tts]\nrate = 1\n',
        ),
        (
            "[asr]\nthreads = 1\n[llm]  # here\n  threads = 8  # all\nseed = 3\n",
            "[asr]\nthreads = 1\n[llm]  # here\nrepack = true\n  threads = 2  # all\nseed = 3\n",
        ),
        ("[llm]\nthreads=1\nrepack=false", "[llm]\nthreads=2\nrepack=true\n"),
        ("[llm.x]\ny = 1\n", "[llm.x]\ny = 1\n\n[llm]\nthreads = 2\nrepack = true\n"),
    ],
)
def test_the_rest_of_the_file_stays(before: str, after: str) -> None:
    assert tune.merged(before, "llm", FOUND) == after
    assert tomllib.loads(after)["llm"].items() >= FOUND.items()
    assert tune.merged(after, "llm", FOUND) == after


@pytest.mark.parametrize(
    "text",
    [
        "llm.threads = 1\n",
        "llm = { threads = 1 }\n",
        'llm.model = "a"\n',
        'x = """\n[llm]\n"""\n',
    ],
)
def test_where_there_is_no_place_the_owner_is_told_what_to_write(text: str) -> None:
    with pytest.raises(ConfigError, match=r"yourself:\n    threads = 2\n    repack = true"):
        tune.merged(text, "llm", FOUND)


def test_a_file_is_written_where_the_link_points(tmp_path: Path) -> None:
    real, link = tmp_path / "real.toml", tmp_path / "config.toml"
    real.write_text("[llm]\nseed = 1\n")
    real.chmod(0o600)
    link.symlink_to(real)
    tune.write_settings(link, "llm", FOUND)
    assert link.is_symlink() and real.stat().st_mode & 0o777 == 0o600
    assert tomllib.loads(real.read_text())["llm"] == {"seed": 1, **FOUND}
    assert len(list(tmp_path.iterdir())) == 2


def test_a_file_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigError, match=r"config\.toml: cannot be"):
        tune.write_settings(tmp_path / "file" / "config.toml", "llm", FOUND)


# --- the command -------------------------------------------------------------------------------


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("ROBOT_VOICE_CONFIG", raising=False)
    app = typer.Typer()
    tune.register(app)
    return app


OPTIONS = ["--seconds", "1", "-s", "llm.model=starter", "-s", "llm.threads=1"]


def test_it_shows_what_it_measured_and_writes_nothing_unasked(
    app: typer.Typer, tmp_path: Path
) -> None:
    result = CliRunner().invoke(app, OPTIONS)
    assert result.exit_code == 0, result.output
    shown = result.output.split("\n\n")
    assert "first sentence" in shown[0]
    assert tomllib.loads("\n".join(shown[2:-1]))["llm"]["threads"] == 1
    assert not list(tmp_path.iterdir())


def test_it_writes_when_asked(app: typer.Typer, tmp_path: Path) -> None:
    file = tmp_path / "robot-voice" / "config.toml"
    result = CliRunner().invoke(app, [*OPTIONS, "--write", "--json"])
    assert result.exit_code == 0, result.output
    told = json.loads(result.output)
    assert told["written"] == str(file)
    assert tomllib.loads(file.read_text()) == {"llm": told["llm"]}
    assert told["measured"][0]["threads"] == 1


def test_what_came_with_the_program_is_not_written_to(app: typer.Typer) -> None:
    result = CliRunner().invoke(app, [*OPTIONS, "--write", "-c", "default"])
    assert isinstance(result.exception, ConfigError)
    assert "a file of your own" in str(result.exception)
