"""The unit file: systemd accepts it, and finds little that it leaves open."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from robot_voice.cli import EXIT_CODES, USAGE
from robot_voice.config import AudioConfig
from robot_voice.errors import ConfigError, ModelError

from .architecture import ROOT

UNIT = ROOT / "configs" / "systemd" / "robot-voice.service"

MAX_EXPOSURE = 1.5
"""Of systemd's 0 (nothing open) to 10. It was 0.8 with systemd 252."""

ANALYZE = shutil.which("systemd-analyze")

needs_systemd = pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed")


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with a program that exists here, which is all that ``verify`` cannot know."""
    text, count = re.subn(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true", UNIT.read_text("utf-8"))
    assert count == 1
    copy = tmp_path / UNIT.name
    copy.write_text(text, "utf-8")
    return copy


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [ANALYZE or "", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=50)


@needs_systemd
def test_systemd_accepts_the_unit(unit: Path) -> None:
    result = analyze("verify", "--man=no", unit)
    assert (result.returncode, result.stderr.strip()) == (0, "")


@needs_systemd
def test_a_mistake_in_the_unit_would_be_seen(unit: Path) -> None:
    unit.write_text(unit.read_text("utf-8").replace("WatchdogSec=", "WatchdogSecs="), "utf-8")
    assert "WatchdogSecs" in analyze("verify", "--man=no", unit).stderr


@needs_systemd
def test_the_unit_leaves_little_open(unit: Path) -> None:
    if "--offline" not in analyze("security", "--help").stdout:
        pytest.skip("this systemd-analyze judges only units that are installed (before 250)")
    limit = f"--threshold={round(MAX_EXPOSURE * 10)}"
    result = analyze("security", "--offline=true", "--no-pager", limit, unit)
    assert result.returncode == 0, result.stdout[-300:] + result.stderr


def test_the_unit_asks_for_what_the_daemon_does() -> None:
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # the documented way
    parser.read(UNIT, "utf-8")
    service = parser["Service"]
    assert service["Type"] == "notify"
    assert service["ExecStart"].endswith("robot-voice run --config /etc/robot-voice/config.toml")
    assert service["ExecReload"] == "/bin/kill -HUP $MAINPID"
    assert service["Restart"] == "on-failure"
    assert service["KillMode"] == "mixed"
    assert int(service["WatchdogSec"]) >= 5
    assert int(service["TimeoutStopSec"]) == 5
    hopeless = {USAGE, EXIT_CODES[ConfigError], EXIT_CODES[ModelError]}
    assert set(map(int, service["RestartPreventExitStatus"].split())) == hopeless
    assert service["PrivateNetwork"] == "yes"
    assert int(service["LimitRTPRIO"]) >= AudioConfig().realtime_priority
    assert service.get("RestrictRealtime", "no") == "no"
    assert service.get("MemoryDenyWriteExecute", "no") == "no"
