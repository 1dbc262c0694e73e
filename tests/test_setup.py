"""`make setup`: what it decides, and that it can be stopped, run twice, and run elsewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from scripts import setup
from scripts.programs import Programs, Progress, ScriptError, locked

from .architecture import ROOT


def test_every_direct_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    names = {re.split(r"[<>=~! \[;]", line)[0].lower() for group in groups for line in group}
    pins = dict(
        line.split("==")
        for line in setup.CONSTRAINTS.read_text("utf-8").splitlines()
        if line and not line.startswith("#")
    )
    assert names <= set(pins)
    assert list(pins) == sorted(pins)


def test_a_wheel_is_kept_for_what_it_was_built_for(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {setup.llama_key()}
    assert setup.llama_key() in keys
    monkeypatch.setenv("CMAKE_ARGS", "-DGGML_BLAS=ON")
    keys.add(setup.llama_key())
    monkeypatch.setattr(setup, "processor", lambda: "flags : avx2")
    keys.add(setup.llama_key())
    monkeypatch.setattr(setup, "VERSION", "cpython-3.99")
    keys.add(setup.llama_key())
    assert len(keys) == 4


def test_the_stamp_tells_complete_from_half_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup, "STAMP", tmp_path / "stamp.json")
    assert setup.Stamp.read() is None
    wanted = setup.Stamp.wanted()
    wanted.write()
    assert setup.Stamp.read() == wanted == setup.Stamp.wanted()
    monkeypatch.setenv("ROBOT_VOICE_EXTRAS", "dev,aec")
    with_echo = setup.Stamp.wanted()
    assert with_echo.key != wanted.key
    with_echo.write()
    monkeypatch.delenv("ROBOT_VOICE_EXTRAS")
    assert setup.Stamp.wanted() == with_echo  # the extras are remembered
    for damage in ("", "{", "[]", '{"unknown": 1}'):
        setup.STAMP.write_text(damage)
        unfinished = setup.Stamp.read()
        assert unfinished is not None
        assert unfinished.key == ""


def test_without_apt_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ScriptError, match="package manager, for what Debian calls espeak-ng"):
        setup.install_packages(["espeak-ng"], lock=0)


def test_without_root_it_says_what_to_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "apt-get").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "apt-get").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(ScriptError, match="sudo apt-get install espeak-ng libportaudio2"):
        setup.install_packages(["espeak-ng", "libportaudio2"], lock=0)


APT = """#!/bin/sh
echo "$*" >> "$0.calls"
case "$*" in
    *update*) touch "$0.listed" ;;
    *) [ -e "$0.listed" ] || { echo E: Unable to locate package; exit 100; } ;;
esac
"""


def test_apt_gets_its_list_of_packages_only_when_it_lacks_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    apt = tmp_path / "apt-get"
    apt.write_text(APT)
    apt.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(setup, "LOG", tmp_path / "setup.log")
    with locked(tmp_path) as lock:
        setup.install_packages(["espeak-ng"], lock)
        setup.install_packages(["libgomp1"], lock)
    verbs = [
        "update" if "update" in call else call.split()[-1]
        for call in apt.with_name("apt-get.calls").read_text().splitlines()
    ]
    assert verbs == ["espeak-ng", "update", "espeak-ng", "libgomp1"]


@pytest.mark.parametrize("python", ["/nonexistent/python3", "/bin/true-but-not-there"])
def test_a_python_that_does_not_run_is_named(python: str) -> None:
    result = subprocess.run(
        ["sh", str(ROOT / "scripts" / "setup.sh")],
        env={**os.environ, "ROBOT_VOICE_PYTHON": python},
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert result.returncode == 1
    assert f"ROBOT_VOICE_PYTHON={python} is not a working Python 3.11" in result.stderr


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "setup.log"


def test_a_failure_shows_the_end_of_what_the_program_said(tmp_path: Path, log: Path) -> None:
    with locked(tmp_path) as lock:
        programs = Programs(tmp_path, log, lock)
        programs.run("counting", ["sh", "-c", "echo one; echo two >&2"])
        with pytest.raises(ScriptError, match=r"giving up failed \(3\):\nno such wheel\n"):
            programs.run("giving up", ["sh", "-c", "echo no such wheel; exit 3"])
    assert "one\ntwo\n" in log.read_text()


def test_progress_is_read_from_what_ninja_and_make_write() -> None:
    progress = Progress("compiling")
    for line, shown in (("  [35/140] Building x", "25 %"), ("[ 12%] Building", "12 %")):
        progress.notice(line)
        assert progress._detail == shown


INTERRUPTED = """
import sys
from pathlib import Path
from scripts.programs import Programs, locked
folder = Path(sys.argv[1])
with locked(folder) as lock:
    Programs(folder, folder / "log", lock).run("sleeping", ["sh", "-c", "sleep 60 & echo on; wait"])
"""


def begin(folder: Path) -> subprocess.Popen[str]:
    """A script that runs a program with a child, interrupted as ^C would."""
    command = [sys.executable, "-c", INTERRUPTED, str(folder)]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    while not (folder / "log").exists() or "\non\n" not in (folder / "log").read_text():
        assert process.poll() is None
        time.sleep(0.02)
    return process


def test_an_interrupted_script_takes_its_programs_along(tmp_path: Path) -> None:
    with begin(tmp_path) as process:
        process.send_signal(2)
        process.wait(20)
    with locked(tmp_path):  # which the program and its child would still hold
        pass


def test_a_second_run_waits_for_the_first(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from scripts.programs import locked\n"
        "with locked(Path(sys.argv[1])): print('mine', flush=True)"
    )
    with locked(tmp_path):
        second = subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert second.stdout is not None
        assert "another setup is at work" in second.stdout.readline()
    assert second.communicate(timeout=20)[0] == "mine\n"
