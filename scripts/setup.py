"""Make the checkout's environment: system packages, ``.venv``, pinned dependencies, the package.

Run by ``make setup`` through ``setup.sh``. What it promises:

* Nothing to do costs a hash and a few look-ups.
* One stamp, written last, says that the environment is complete, and for what. An environment
  that an interrupted run left half made is made anew: downloads and the built wheel are cached,
  so that costs a minute, and nobody has to reason about half an installation.
* Two runs in one checkout follow one another.
* llama.cpp is compiled for this very processor, once, and its wheel is kept in the user's cache.

pip's own configuration decides where packages come from. Standard library only.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NoReturn

from scripts.programs import Programs, ScriptError, locked, say

CHECKOUT = Path(__file__).resolve().parent.parent
VENV = CHECKOUT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".robot-voice-setup.json"
LOG = VENV / "setup.log"
CONSTRAINTS = CHECKOUT / "scripts" / "constraints.txt"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "robot-voice" / "wheels"

VERSION = f"{sys.implementation.name}-{sys.version_info[0]}.{sys.version_info[1]}"
"""Which Python the environment is for."""

LIBRARIES = {
    "libespeak-ng1": "libespeak-ng.so.1",
    "libportaudio2": "libportaudio.so.2",
    "libgomp1": "libgomp.so.1",
}
"""What pyttsx3's voice, the sound card and llama.cpp load at run time, by Debian package."""

CMAKE_ARGS = "-DLLAVA_BUILD=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF"
"""The robot has no eyes: without llama.cpp's vision library the build is a quarter shorter."""

BYTES_PER_JOB = 1 << 30
"""What one compiler process of llama.cpp needs at its peak, rounded up."""


def digest(*parts: str | bytes) -> str:
    joined = b"\0".join(part.encode() if isinstance(part, str) else part for part in parts)
    return hashlib.sha256(joined).hexdigest()[:16]


def processor() -> str:
    """What code compiled for "the native processor" may use: its make and instruction sets."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    kept = ("flags", "features", "vendor_id", "cpu family", "cpu implementer", "cpu part")
    return "\n".join(sorted({line for line in lines if line.lower().startswith(kept)}))


def llama_version() -> str:
    pinned = re.search(r"^llama-cpp-python==(\S+)", CONSTRAINTS.read_text(), re.MULTILINE)
    if pinned is None:
        raise ScriptError(f"{CONSTRAINTS.name} does not pin llama-cpp-python")
    return pinned[1]


def llama_key() -> str:
    """The name under which a built wheel is kept: everything that decides what is in it."""
    arguments = f"{CMAKE_ARGS} {os.environ.get('CMAKE_ARGS', '')}"
    machine = (platform.system(), platform.machine(), *platform.libc_ver(), processor())
    return f"{llama_version()}-{digest(VERSION, arguments, *machine)}"


@dataclass(frozen=True)
class Stamp:
    """What ``.venv`` holds. ``key`` is empty while it is being made."""

    key: str = ""
    llama: str = ""
    extras: str = "dev"
    """Kept until ``ROBOT_VOICE_EXTRAS`` names others."""
    checkout: str = str(CHECKOUT)
    python: str = VERSION

    @classmethod
    def wanted(cls) -> Stamp:
        llama = llama_key()
        extras = os.environ.get("ROBOT_VOICE_EXTRAS", (cls.read() or cls()).extras)
        sources = (CHECKOUT / "pyproject.toml", CONSTRAINTS, Path(__file__))
        content = (file.read_bytes() for file in sources)
        key = digest(VERSION, extras, str(CHECKOUT), llama, *content)
        return cls(key, llama, extras)

    @classmethod
    def read(cls) -> Stamp | None:
        """The stamp there is; a damaged one counts as unfinished."""
        try:
            return cls(**json.loads(STAMP.read_text()))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError):
            return cls()

    def write(self) -> None:
        partial = STAMP.with_suffix(".tmp")
        partial.write_text(json.dumps(asdict(self)))
        partial.replace(STAMP)


def missing_packages() -> list[str]:
    """Debian's names of what the robot needs at run time and this system lacks."""
    missing = [] if shutil.which("espeak-ng") else ["espeak-ng"]
    if sys.platform == "linux":
        missing += [name for name, library in LIBRARIES.items() if not loads(library)]
    return missing


def loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def apt() -> list[str] | None:
    """The command that installs packages without a question; None where there is none."""
    command = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qy"]
    command += ["-o", "DPkg::Lock::Timeout=300"]
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return command
    sudo = ["sudo", "-n"]
    if shutil.which("sudo") and not subprocess.run([*sudo, "true"], capture_output=True).returncode:
        return [*sudo, *command]
    return None


def install_packages(packages: Sequence[str], lock: int) -> None:
    """Install Debian packages. Raises ``ScriptError`` that says what to type when we may not."""
    advice = f"sudo apt-get install {' '.join(packages)}"
    if shutil.which("apt-get") is None:
        advice = f"your package manager, for what Debian calls {', '.join(packages)}"
    command = apt()
    if command is None:
        raise ScriptError(f"install by\n    {advice}")
    programs = Programs(CHECKOUT, LOG, lock)
    title = f"installing {' '.join(packages)}"
    install = [*command, "install", "--no-install-recommends", *packages]
    try:
        programs.run(title, install)
    except ScriptError:  # most likely there is no list of packages yet, or an old one
        programs.run("updating apt's list of packages", [*command, "update"])
        programs.run(title, install)


def require(package: str, what: str, lock: int) -> None:
    try:
        install_packages([package], lock)
    except ScriptError as error:
        raise ScriptError(f"{what} is needed, then run this again: {error}") from error


def make_venv(lock: int) -> None:
    if importlib.util.find_spec("ensurepip") is None:
        require(f"python3.{sys.version_info[1]}-venv", "Python's venv module", lock)
    base = Path(sys.executable).resolve()  # not the environment's own link, which is about to go
    Programs(CHECKOUT, LOG, lock).run("making .venv", [base, "-I", "-m", "venv", "--clear", VENV])


def build_jobs() -> int:
    """As many compilers as there are cores, and memory for."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return max(1, min(cores, memory // BYTES_PER_JOB))


def llama_wheel(key: str) -> Path:
    """llama.cpp's wheel for this processor, from the cache or built now."""
    kept = CACHE / key
    CACHE.mkdir(parents=True, exist_ok=True)
    with locked(CACHE) as lock:
        for wheel in kept.glob("*.whl"):
            if zipfile.is_zipfile(wheel):
                return wheel
        for stale in (kept, *CACHE.glob("building-*")):
            shutil.rmtree(stale, ignore_errors=True)
        if not any(map(shutil.which, ("c++", "g++", "clang++"))):
            require("build-essential", "A C++ compiler", lock)
        building = Path(tempfile.mkdtemp(prefix="building-", dir=CACHE))
        try:
            build_llama(building, lock)
            building.rename(kept)
        finally:
            shutil.rmtree(building, ignore_errors=True)
    return next(kept.glob("*.whl"))


def build_llama(folder: Path, lock: int) -> None:
    scratch = folder / "tmp"  # whatever a killed build leaves behind goes with the folder
    scratch.mkdir()
    jobs = os.environ.get("CMAKE_BUILD_PARALLEL_LEVEL") or str(build_jobs())
    arguments = f"{CMAKE_ARGS} {os.environ.get('CMAKE_ARGS', '')}".strip()
    env = {"CMAKE_ARGS": arguments, "CMAKE_BUILD_PARALLEL_LEVEL": jobs, "TMPDIR": str(scratch)}
    say("llama.cpp is compiled for this processor: 4 to 8 minutes on two cores, once per machine")
    # Not from pip's cache: pip does not know for which processor a wheel was built.
    pip: list[str | Path] = [PYTHON, "-m", "pip", "wheel", "-v", "--no-deps", "--no-cache-dir"]
    wheel: list[str | Path] = ["--wheel-dir", folder, f"llama-cpp-python=={llama_version()}"]
    Programs(CHECKOUT, LOG, lock).run("compiling llama.cpp", [*pip, *wheel], env)
    shutil.rmtree(scratch)


def install(wanted: Stamp, lock: int) -> None:
    """Bring ``.venv`` to what is wanted."""
    stamp = Stamp.read()
    reusable = stamp is None or (
        stamp.key != "" and (stamp.checkout, stamp.python) == (wanted.checkout, wanted.python)
    )
    if not (reusable and works(PYTHON)):
        stamp = None
        make_venv(lock)
    Stamp().write()
    programs = Programs(CHECKOUT, LOG, lock)
    pip: list[str | Path] = [PYTHON, "-m", "pip", "install"]
    if stamp is None or stamp.llama != wanted.llama:
        wheel = llama_wheel(wanted.llama)
        programs.run("installing llama.cpp", [*pip, "--force-reinstall", "--no-deps", wheel])
    programs.run(
        "installing robot-voice and what it needs (about a minute)",
        [*pip, "--prefer-binary", "-c", CONSTRAINTS, "-e", f".[{wanted.extras}]"],
    )
    programs.run("checking llama.cpp", [PYTHON, "-I", "-c", "import llama_cpp"])
    wanted.write()


def works(python: Path) -> bool:
    """Whether the environment's interpreter starts, has pip, and is of our own version."""
    script = "import pip, sys; print(sys.implementation.name, *sys.version_info[:2])"
    try:
        answer = subprocess.run([python, "-I", "-c", script], capture_output=True, text=True)
    except OSError:
        return False
    return answer.stdout.split() == [sys.implementation.name, *map(str, sys.version_info[:2])]


def setup() -> None:
    wanted = Stamp.wanted()
    missing = missing_packages()
    if not missing and Stamp.read() == wanted and PYTHON.exists():
        say("setup: nothing to do")
        return
    with locked(CHECKOUT) as lock:
        if missing:
            try:
                install_packages(missing, lock)
            except ScriptError as error:
                say(f"the robot needs {', '.join(missing)} to speak or hear: {error}")
        if Stamp.read() != wanted or not PYTHON.exists():  # perhaps done while we waited
            install(wanted, lock)
    say("setup: ready, see .venv/bin/robot-voice --help")


def interrupt(number: int, frame: object) -> NoReturn:
    raise KeyboardInterrupt


def main() -> int:
    signal.signal(signal.SIGTERM, interrupt)
    try:
        setup()
    except ScriptError as error:
        sys.stderr.write(f"setup: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("setup: interrupted; run it again, what is downloaded and built is kept\n")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
