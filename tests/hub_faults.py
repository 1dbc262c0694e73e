"""Ways a download goes wrong, and what must be true whatever does: see ``scripts.bench.hub``.

A way is a function of a random number generator and an empty folder. It lets the fault strike at a
random byte, then pulls again from a hub that is well, and returns what is wrong in the end; an
empty list is a fault survived. After every step a model may be missing, but never be at hand with
bytes that are not the hub's.
"""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from robot_voice.errors import ModelError
from robot_voice.models import pull
from robot_voice.models.hub import Hub
from robot_voice.models.lock import damage, read_lock
from robot_voice.models.manifest import Manifest, load_manifest
from robot_voice.models.store import Store

from .hub import FakeHub, Fault

NAME = "whisper-tiny"
SIZE = 1_000_000
"""Bytes of the model: more than a socket holds, so that faults strike in mid-file."""

DISK = 6_000_000
"""Bytes of the small disk."""


def model(seed: int = 1) -> dict[str, bytes]:
    """A Whisper model as far as its head tells, and noise after that."""
    noise = random.Random(seed)
    head = b"\x06\x00\x00\x00\x0c\x00WhisperSpec\x00"
    return {
        "model.bin": head + noise.randbytes(SIZE - len(head)),
        "config.json": b"{}\n",
        "tokenizer.json": noise.randbytes(30_000),
        "vocabulary.txt": noise.randbytes(500),
        "README.md": b"not wanted",
    }


@dataclass
class Try:
    """One model on one hub, for one models folder."""

    fake: FakeHub
    store: Store
    manifest: Manifest

    @classmethod
    def at(cls, fake: FakeHub, root: Path) -> Try:
        return cls(fake, Store(root, margin=0), load_manifest())

    def pull(self) -> pull.Pulled:
        hub = Hub(self.fake.url, pause=0.0)
        planned = pull.plan(NAME, self.manifest, self.store, hub, _silent)
        return pull.fetch(planned, self.store, hub, _silent)

    def failure(self) -> str:
        """What a pull complains of; nothing if it succeeds."""
        try:
            self.pull()
        except ModelError as error:
            return str(error)
        return ""

    def wrong(self, *, may_be_missing: bool = False) -> list[str]:
        """What is wrong with the model in its place."""
        folder = self.store.folder(NAME)
        if not folder.exists():
            return [] if may_be_missing else ["missing"]
        lock = read_lock(folder)
        if lock is None:
            return ["in its place without a lock"]
        truth = self.fake.repositories[self.manifest.entry(NAME).repository]
        found = list(damage(folder, lock))
        for path, data in truth.items():
            if path != "README.md" and (folder / path).read_bytes() != data:
                found.append(f"{path}: not the hub's bytes")
        return found

    def again(self) -> list[str]:
        """After the fault: what is wrong now, and after one more pull from a hub that is well."""
        between = self.wrong(may_be_missing=True)
        self.fake.faults.clear()
        complaint = self.failure()
        return between + ([f"pulled again: {complaint}"] if complaint else []) + self.wrong()


@contextmanager
def hub_with_a_model() -> Iterator[FakeHub]:
    repository = load_manifest().entry(NAME).repository
    with FakeHub({repository: model()}).running() as fake:
        yield fake


def cut(dice: random.Random, folder: Path) -> list[str]:
    """The connection ends in mid-file, three times in a row."""
    with hub_with_a_model() as fake:
        one = Try.at(fake, folder)
        for _ in range(3):
            kind = dice.choice(["cut", "reset"])
            fake.faults.append(Fault("cut" if kind == "cut" else "reset", dice.randrange(SIZE)))
        complaint = one.failure()
        return ([complaint] if complaint else []) + one.again()


def wrong_bytes(dice: random.Random, folder: Path) -> list[str]:
    """As many bytes as there should be, but others: the pull must fail, and say so."""
    with hub_with_a_model() as fake:
        one = Try.at(fake, folder)
        fake.faults.append(Fault("wrong", dice.randrange(SIZE), times=100))
        complaint = one.failure()
        told = [] if "wrong bytes" in complaint else [f"said {complaint!r}"]
        return told + one.again()


def wrong_length(dice: random.Random, folder: Path) -> list[str]:
    """The hub's Content-Length is too small or too large, and the body is as long as it says."""
    with hub_with_a_model() as fake:
        one = Try.at(fake, folder)
        if dice.random() < 0.5:
            fake.faults.append(Fault("short", dice.randrange(30_000, SIZE), times=100))
            words = "cut short"
        else:
            fake.faults.append(Fault("long", times=100))
            words = "longer than the hub says"
        complaint = one.failure()
        told = [] if words in complaint else [f"said {complaint!r}"]
        return told + one.again()


def full_disk(dice: random.Random, folder: Path) -> list[str]:
    """Something else fills the disk in mid-download; later there is room again."""
    with hub_with_a_model() as fake, small_disk(folder) as disk:
        if disk is None:
            return _limited_file(dice, fake, folder)
        one = Try.at(fake, disk / "models")
        filler = disk / "filler"
        fake.faults.append(Fault("call", dice.randrange(SIZE - 200_000), hook=lambda: fill(filler)))
        complaint = one.failure()
        told = [] if "disk is full" in complaint else [f"said {complaint!r}"]
        between = one.wrong(may_be_missing=True)
        filler.unlink(missing_ok=True)
        return told + between + one.again()


def killed(dice: random.Random, folder: Path) -> list[str]:
    """SIGKILL in mid-download: no chance to tidy up."""
    with hub_with_a_model() as fake:
        one = Try.at(fake, models_folder(folder))
        reached, released = threading.Event(), threading.Event()

        def stop() -> None:
            reached.set()
            released.wait(30)

        fake.faults.append(Fault("call", dice.randrange(SIZE), hook=stop))
        process = start_pull(fake, folder)
        if not reached.wait(30):
            process.kill()
            return [f"never asked for the model: {process.communicate()[1]}"]
        process.send_signal(signal.SIGKILL)
        process.communicate()
        released.set()
        return one.again()


def two_at_once(dice: random.Random, folder: Path) -> list[str]:
    """Two processes pull the same model; the connection of one is cut besides."""
    with hub_with_a_model() as fake:
        one = Try.at(fake, models_folder(folder))
        fake.faults.append(Fault("cut", dice.randrange(SIZE)))
        processes = [start_pull(fake, folder) for _ in range(2)]
        ends = [(process.communicate(timeout=60)[1], process.returncode) for process in processes]
        failed = [text for text, code in ends if code != 0]
        twice = ["fetched twice"] if fake.sent > 2 * SIZE else []
        return failed + twice + one.wrong()


WAYS: Mapping[str, Callable[[random.Random, Path], list[str]]] = {
    "connection cut": cut,
    "wrong bytes": wrong_bytes,
    "wrong length": wrong_length,
    "disk full": full_disk,
    "process killed": killed,
    "two at once": two_at_once,
}


def models_folder(home: Path) -> Path:
    """Where a process started by ``start_pull`` keeps its models."""
    return home / "data" / "robot-voice" / "models"


def environment(fake: FakeHub, home: Path) -> dict[str, str]:
    """Of a user who knows this hub only."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    folders = {f"XDG_{kind.upper()}_HOME": str(home / kind) for kind in ("config", "data", "cache")}
    fixed = {"HF_ENDPOINT": fake.url, "HOME": str(home), "NO_PROXY": "127.0.0.1"}
    return {**kept, **folders, **fixed, "PYTHONUTF8": "1"}


def start_pull(fake: FakeHub, home: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "robot_voice", "models", "pull", *(arguments or (NAME,))]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, env=environment(fake, home), stdout=pipe, stderr=pipe, stdin=pipe, text=True
    )


@contextmanager
def small_disk(folder: Path) -> Iterator[Path | None]:
    """A disk of ``DISK`` bytes, in memory; None where this process may not mount one."""
    disk = folder / "disk"
    disk.mkdir(parents=True)
    mount = shutil.which("mount")
    options = ["-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(disk)]
    made = mount is not None and os.geteuid() == 0
    if not made or subprocess.run([mount, *options], capture_output=True).returncode != 0:  # type: ignore[list-item]
        yield None
        return
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def fill(file: Path) -> None:
    """Write until nothing more fits."""
    with file.open("wb", buffering=0) as stream:
        try:
            while True:
                stream.write(bytes(4096))
        except OSError:
            pass


def _limited_file(dice: random.Random, fake: FakeHub, folder: Path) -> list[str]:
    """Without a small disk: the system lets no file grow beyond a limit (EFBIG, not ENOSPC)."""
    one = Try.at(fake, folder / "models")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (dice.randrange(100_000, SIZE), before[1]))
    try:
        complaint = one.failure()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    told = [] if "disk is full" in complaint else [f"said {complaint!r}"]
    return told + one.again()


def _silent(what: str, done: int, total: int) -> None:
    """Nobody watches."""
