"""Real PortAudio/ALSA streams on a machine with no sound card.

    with AudioRig() as rig:                              # starts PulseAudio, sets os.environ
        rig.room(delay_ms=40, gain_db=-6, rt60=0.2)      # if an echo is wanted
        recorder = rig.tap_speaker()                     # what the robot plays
        rig.say(samples)                                 # a talker in front of the microphone
        heard = recorder.stop()

PortAudio reads the list of devices once, when sounddevice is imported; see
``refresh_portaudio``. The audio process of the robot takes care of that itself.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .pasimple import PulseError, Stream

HERE = Path(__file__).resolve().parent
Pcm = NDArray[np.int16]
Device = Literal["mic", "speaker"]


def refresh_portaudio() -> None:
    """Make PortAudio look at the devices again. Every stream of this process must be closed."""
    import sounddevice

    sounddevice._terminate()
    sounddevice._initialize()


class Recorder:
    """Records a PulseAudio source in a thread, from construction to ``stop``."""

    def __init__(self, source: str, rate: int, server: str) -> None:
        self._stream = Stream("record", source, rate, server, 10)
        self._size = 2 * rate // 100
        self._blocks: list[bytes] = []
        self._running = True
        self.started = time.monotonic()
        self._thread = threading.Thread(target=self._record, daemon=True)
        self._thread.start()

    def _record(self) -> None:
        try:
            while self._running:
                self._blocks.append(self._stream.read(self._size))
        except PulseError:
            return  # the device was unplugged

    def so_far(self) -> Pcm:
        return np.frombuffer(b"".join(list(self._blocks)), "<i2")

    def stop(self) -> Pcm:
        self._running = False
        self._thread.join(2)
        self._stream.close()
        return self.so_far()


class AudioRig:
    """A private PulseAudio with the sinks ``speaker`` and ``air`` and the source ``mic``."""

    def __init__(self, directory: Path | None = None, rate: int = 16_000) -> None:
        """``directory``: keep it short, it holds a socket. ``rate``: 16000 is bit-exact."""
        self.directory = directory or Path(f"/tmp/audiorig-{os.getpid()}")
        self.rate = rate
        self.server = ""
        self.pid = 0
        self._environment: dict[str, str | None] = {}
        self._rooms: list[subprocess.Popen[bytes]] = []
        self._unplugged: dict[Device, tuple[str, str]] = {}
        self._others: dict[Device, str] = {}  # module of the device that streams were moved to

    @staticmethod
    def missing() -> str:
        """What this machine lacks; empty when the rig can run."""
        for program in ("pulseaudio", "pactl", "flock", "setsid"):
            if not shutil.which(program):
                return f"the program {program} is not installed"
        folders = [*Path("/usr/lib").glob("*/alsa-lib"), Path("/usr/lib/alsa-lib")]
        if not any((folder / "libasound_module_pcm_pulse.so").exists() for folder in folders):
            return "the ALSA plugin for PulseAudio (libasound2-plugins) is not installed"
        try:
            import sounddevice  # noqa: F401
        except (OSError, ImportError):
            return "PortAudio (libportaudio2) is not installed"
        return ""

    def __enter__(self) -> AudioRig:
        try:
            started = self._script("rig_start.sh")
        except BaseException:
            self._script("rig_stop.sh")
            raise
        for line in started.splitlines():
            name, value = line.removeprefix("export ").split("=", 1)
            self._environment[name] = os.environ.get(name)
            os.environ[name] = value.strip("'")
        self.server = os.environ["PULSE_SERVER"]
        self.pid = int((self.directory / "pulse.pid").read_text())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.freeze(False)
        for room in self._rooms:
            room.kill()
            room.wait()
        self._script("rig_stop.sh")
        shutil.rmtree(self.directory, ignore_errors=True)
        for name, value in self._environment.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value

    def _script(self, name: str) -> str:
        environment = os.environ | {"RIG_DIR": str(self.directory), "RIG_RATE": str(self.rate)}
        done = subprocess.run(
            ["bash", str(HERE / name)], env=environment, text=True, capture_output=True, timeout=30
        )
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout

    # --- sound in, sound out ---------------------------------------------------

    def say(self, samples: Pcm, sink: str = "air") -> None:
        """Play ``samples`` in front of the microphone; return when they have been played."""
        with Stream("play", sink, self.rate, self.server, 500) as air:
            air.write(samples.astype("<i2").tobytes())
            air.drain()

    def say_later(self, samples: Pcm) -> threading.Thread:
        """The same, in the background."""

        def talk() -> None:
            try:
                self.say(samples)
            except PulseError:
                return  # the rig ended first

        thread = threading.Thread(target=talk, daemon=True)
        thread.start()
        return thread

    def tap_speaker(self) -> Recorder:
        """Record what the loudspeaker plays."""
        return Recorder("speaker.monitor", self.rate, self.server)

    def tap_mic(self) -> Recorder:
        """Record what the microphone hears."""
        return Recorder("mic", self.rate, self.server)

    def room(
        self, delay_ms: float = 40, gain_db: float = -6, rt60: float = 0.25, clip: float = 1.0
    ) -> subprocess.Popen[bytes]:
        """Start the echo path loudspeaker -> microphone; ``kill()`` it to remove it. ``clip``: the
        loudspeaker cannot be louder than this part of full scale."""
        ready = self.directory / f"room-{len(self._rooms)}.ready"
        command = [sys.executable, "-m", f"{__package__}.room", "--server", self.server]
        command += ["--rate", str(self.rate), "--delay-ms", str(delay_ms)]
        command += ["--gain-db", str(gain_db), "--rt60", str(rt60), "--clip", str(clip)]
        command += ["--ready", str(ready)]
        environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        room = subprocess.Popen(command, env=environment, cwd=HERE.parent.parent)
        self._rooms.append(room)
        deadline = time.monotonic() + 15
        while not ready.exists():
            if room.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the room did not start")
            time.sleep(0.02)
        return room

    # --- faults ----------------------------------------------------------------

    def unplug(self, device: Device, rescue: bool = False) -> None:
        """The device disappears and its streams die, as when a USB plug is pulled. ``rescue``: they
        do not die but the server moves them to another device, as desktops do."""
        needle = {"mic": "source_name=mic", "speaker": "sink_name=speaker"}[device]
        modules = self._list("modules")
        number, name, arguments = next(m for m in modules if needle in " ".join(m))[:3]
        self._unplugged[device] = (name, arguments)
        devices, streams = (
            ("sources", "source-output") if device == "mic" else ("sinks", "sink-input")
        )
        index = next(entry[0] for entry in self._list(devices) if entry[1] == device)
        victims = [entry[0] for entry in self._list(f"{streams}s") if entry[1] == index]
        # In one go: a stream that were opened in between would be moved to another device.
        kills = [f"kill-{streams} {victim}" for victim in victims if not rescue]
        self._cli(*kills, f"unload-module {number}")

    def replug(self, device: Device) -> None:
        """The device is back."""
        name, arguments = self._unplugged.pop(device)
        self._pactl("load-module", name, *arguments.split())
        self._pactl("set-default-source" if device == "mic" else "set-default-sink", device)

    def reroute(self, device: Device, on: bool = True) -> None:
        """The server connects all streams of the device with another one, which is the default
        now, though the device is still there. Or the default is as before, and the other device
        is gone; whoever was left there is moved back by the server."""
        source = device == "mic"
        kind, streams = ("source", "source-output") if source else ("sink", "sink-input")
        devices = {entry[1]: entry[0] for entry in self._list(f"{kind}s")}
        if not on:
            self._pactl(f"set-default-{kind}", device)
            self._pactl("unload-module", self._others.pop(device))
            return
        name = f"other_{device}"
        self._others[device] = self._pactl(
            *("load-module", "module-null-sink", f"sink_name={name}", "norewinds=1"),
            *(f"rate={self.rate}", "channels=1", "format=s16le"),
        ).strip()
        other = f"{name}.monitor" if source else name
        self._pactl(f"set-default-{kind}", other)
        for stream in self._list(f"{streams}s"):
            if stream[1] == devices[device]:
                self._pactl(f"move-{streams}", stream[0], other)

    def kill_server(self) -> None:
        """The sound server crashes: every device and stream is gone."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self._unplugged.clear()
        self._others.clear()

    def restart_server(self) -> None:
        """There is a new sound server, with all its devices."""
        self._script("rig_start.sh")
        self.pid = int((self.directory / "pulse.pid").read_text())

    def suspend(self, device: Device, on: bool = True) -> None:
        """The device stays but delivers nothing (a driver that stalls)."""
        self._pactl("suspend-sink", "air" if device == "mic" else device, str(int(on)))

    def freeze(self, on: bool = True) -> None:
        """Stop the whole sound server, or let it go on."""
        try:
            os.kill(self.pid, signal.SIGSTOP if on else signal.SIGCONT)
        except ProcessLookupError:
            return

    def _list(self, kind: str) -> list[list[str]]:
        return [line.split("\t") for line in self._pactl("list", "short", kind).splitlines()]

    def _pactl(self, *arguments: str) -> str:
        command = ["pactl", "-s", self.server, *arguments]
        done = subprocess.run(command, text=True, capture_output=True, timeout=10)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
        return done.stdout

    def _cli(self, *lines: str) -> None:
        """Commands that pactl lacks, over the server's own command socket."""
        with socket.socket(socket.AF_UNIX) as channel:
            channel.connect(str(self.directory / "run" / "cli"))
            channel.settimeout(0.3)
            channel.sendall("".join(f"{line}\n" for line in lines).encode())
            try:
                while channel.recv(65536):
                    pass
            except TimeoutError:
                return
