"""What the robot and its audio process say to each other.

One message is one packet of a SOCK_SEQPACKET socket, so there is no framing to get wrong: a
letter, a fixed head, and for sound the samples as they are. Both ends are always the same
version: the robot starts the other end itself.

    robot -> audio    Sound  Hold  Stop  Motion  Mute
    audio -> robot    Window  Position  Lost  Status  Refusal

Samples are counted from the start of the audio process. An *epoch* is the time between two
stops: what is said about the queue of an epoch that is over has no reader.
"""

from __future__ import annotations

import json
import struct
from dataclasses import asdict, dataclass
from typing import TypeAlias

import numpy as np

from robot_voice.errors import AudioError

from .ring import Pcm

PACKET = 65_536
"""Bytes of the longest packet; a second of sound has half of it."""

MUTED = "muted"
"""Detail of a microphone that was muted before it was opened: nobody knows if it is there."""


@dataclass(frozen=True, slots=True)
class Sound:
    """Queue this for the loudspeaker."""

    epoch: int
    samples: Pcm


@dataclass(frozen=True, slots=True)
class Hold:
    """Be silent, or go on."""

    held: bool
    seen: int
    """End of the last window the robot had taken in when it decided this."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Drop the queue; a new epoch begins."""

    epoch: int


@dataclass(frozen=True, slots=True)
class Motion:
    """From now on the robot's own body moves this much."""

    level: float
    """From 0, not at all, to 1."""


@dataclass(frozen=True, slots=True)
class Mute:
    """Close the microphone, or open it again."""

    muted: bool


@dataclass(frozen=True, slots=True)
class Window:
    """One window of the microphone, judged."""

    start: int
    speech: float
    held: bool
    """A voice holds the loudspeaker that the robot does not know of yet."""
    samples: Pcm


@dataclass(frozen=True, slots=True)
class Position:
    """So many samples of the epoch have been heard."""

    epoch: int
    heard: int


@dataclass(frozen=True, slots=True)
class Lost:
    """So many samples of the microphone came too late, or found no reader."""

    samples: int


@dataclass(frozen=True, slots=True)
class DeviceStatus:
    """The state of the microphone or of the loudspeaker."""

    name: str
    """The device in use; while there is none, the one that is wanted."""
    present: bool
    detail: str = ""
    """Why it is not there; of one that is, its format if that is not ours."""


@dataclass(frozen=True, slots=True)
class Status:
    """The state of the audio process."""

    microphone: DeviceStatus
    loudspeaker: DeviceStatus
    realtime: int
    """SCHED_RR priority that the system granted; 0: none."""
    echo: str
    """``aec``, ``half-duplex`` or ``off``, just now."""
    echo_reason: str = ""
    """Why the echo is not dealt with as configured; empty: it is."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The audio process cannot work as configured, and ends."""

    kind: str
    """Name of the class in ``robot_voice.errors``."""
    reason: str


ToAudio: TypeAlias = Sound | Hold | Stop | Motion | Mute
ToRobot: TypeAlias = Window | Position | Lost | Status | Refusal

_SOUND = struct.Struct("<cI")
_HOLD = struct.Struct("<c?Q")
_STOP = struct.Struct("<cI")
_MOTION = struct.Struct("<cf")
_MUTE = struct.Struct("<c?")
_WINDOW = struct.Struct("<cQf?")
_POSITION = struct.Struct("<cIQ")
_LOST = struct.Struct("<cQ")


def encode(message: ToAudio | ToRobot) -> bytes:
    """The packet for ``message``."""
    match message:
        case Sound(epoch, samples):
            return _SOUND.pack(b"S", epoch) + samples.tobytes()
        case Hold(held, seen):
            return _HOLD.pack(b"H", held, seen)
        case Stop(epoch):
            return _STOP.pack(b"X", epoch)
        case Motion(level):
            return _MOTION.pack(b"M", level)
        case Mute(muted):
            return _MUTE.pack(b"U", muted)
    return _encode_report(message)


def _encode_report(message: ToRobot) -> bytes:
    match message:
        case Window(start, speech, held, samples):
            return _WINDOW.pack(b"W", start, speech, held) + samples.tobytes()
        case Position(epoch, heard):
            return _POSITION.pack(b"P", epoch, heard)
        case Lost(count):
            return _LOST.pack(b"L", count)
        case Status():
            return b"T" + json.dumps(asdict(message)).encode()
        case Refusal():
            return b"R" + json.dumps(asdict(message)).encode()


def decode_for_audio(packet: bytes) -> ToAudio:
    """The message in ``packet``. Raises ``AudioError`` when there is none."""
    match packet[:1]:
        case b"S":
            _, epoch = _SOUND.unpack_from(packet)
            return Sound(epoch, np.frombuffer(packet, np.int16, offset=_SOUND.size))
        case b"H":
            return Hold(*_HOLD.unpack(packet)[1:])
        case b"X":
            return Stop(*_STOP.unpack(packet)[1:])
        case b"M":
            return Motion(*_MOTION.unpack(packet)[1:])
        case b"U":
            return Mute(*_MUTE.unpack(packet)[1:])
    raise AudioError(f"the audio process was sent a packet it does not know: {packet[:16]!r}")


def decode_for_robot(packet: bytes) -> ToRobot:
    """The message in ``packet``. Raises ``AudioError`` when there is none."""
    match packet[:1]:
        case b"W":
            _, start, speech, held = _WINDOW.unpack_from(packet)
            samples = np.frombuffer(packet, np.int16, offset=_WINDOW.size)
            return Window(start, speech, held, samples)
        case b"P":
            return Position(*_POSITION.unpack(packet)[1:])
        case b"L":
            return Lost(*_LOST.unpack(packet)[1:])
        case b"T":
            fields = json.loads(packet[1:])
            fields["microphone"] = DeviceStatus(**fields["microphone"])
            fields["loudspeaker"] = DeviceStatus(**fields["loudspeaker"])
            return Status(**fields)
        case b"R":
            return Refusal(**json.loads(packet[1:]))
    raise AudioError(f"the audio process sent a packet that is unknown: {packet[:16]!r}")
