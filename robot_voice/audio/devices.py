"""Which sound devices there are, and which one is meant by a name."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Literal

from robot_voice.errors import AudioError, ConfigError

Direction = Literal["input", "output"]

_WORD = {"input": "microphone", "output": "loudspeaker"}

_DOORS = frozenset(["default", "sysdefault", "pulse", "pipewire", "jack"])
"""Names under which ALSA offers not a device but whichever the sound server gives."""


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """One device of the sound system. Most are both microphone and loudspeaker to it."""

    name: str
    index: int
    """Its place in the system's list. Changes when something is plugged in: prefer the name."""
    host_api: str
    inputs: int
    """Channels it records; 0: it is no microphone."""
    outputs: int
    """Channels it plays; 0: it is no loudspeaker."""
    rate: float
    """Its own sample rate in Hz."""
    default_input: bool = False
    default_output: bool = False

    def channels(self, direction: Direction) -> int:
        return self.inputs if direction == "input" else self.outputs

    def is_default(self, direction: Direction) -> bool:
        return self.default_input if direction == "input" else self.default_output


def sounddevice() -> Any:
    """The module, imported when first needed. Raises ``AudioError`` when PortAudio is missing."""
    try:
        with quiet():
            import sounddevice as module
    except OSError as error:
        raise AudioError(
            "the sound library PortAudio is missing: sudo apt install libportaudio2"
        ) from error
    except ImportError as error:
        raise AudioError("the package sounddevice is missing: pip install sounddevice") from error
    return module


def list_devices() -> list[DeviceInfo]:
    """What the sound system offers, as it was when this process first asked.

    Raises ``AudioError`` when PortAudio is missing or fails.
    """
    module = sounddevice()
    try:
        with quiet():
            apis = module.query_hostapis()
            default_input, default_output = module.default.device
            apis_default = [
                (api["default_input_device"], api["default_output_device"]) for api in apis
            ]
            found = module.query_devices()
    except module.PortAudioError as error:
        raise AudioError(f"the sound system cannot be asked for its devices: {error}") from error
    if apis_default and default_input < 0:
        default_input = apis_default[0][0]
    if apis_default and default_output < 0:
        default_output = apis_default[0][1]
    return [
        DeviceInfo(
            name=device["name"],
            index=index,
            host_api=apis[device["hostapi"]]["name"],
            inputs=device["max_input_channels"],
            outputs=device["max_output_channels"],
            rate=device["default_samplerate"],
            default_input=index == default_input,
            default_output=index == default_output,
        )
        for index, device in enumerate(found)
    ]


def find_device(
    wanted: str | int, direction: Direction, devices: Sequence[DeviceInfo]
) -> DeviceInfo:
    """The device meant by ``wanted``: "default", an index, a name, a part of one, or a pattern
    like "*USB*mic*" with the wildcards of a shell. Upper and lower case are the same; of several
    that match a pattern the first is taken, for a pattern says that any will do.

    Raises ``AudioError`` when it is not there (it may be plugged in later) and ``ConfigError``
    when it can never be right: several names match, or the device has no such direction.
    """
    usable = [device for device in devices if device.channels(direction)]
    if not usable:
        raise AudioError(f"there is no {_WORD[direction]}: the sound system offers none")
    if wanted == "default":
        return next((device for device in usable if device.is_default(direction)), usable[0])
    if isinstance(wanted, int) or wanted.isdecimal():
        return _by_index(int(wanted), direction, devices)
    return _by_name(wanted, direction, usable)


def is_chosen(wanted: str | int, name: str) -> bool:
    """Whether who wanted ``wanted``, and got the device ``name``, means this very one."""
    return wanted != "default" and name.casefold() not in _DOORS


def _by_index(index: int, direction: Direction, devices: Sequence[DeviceInfo]) -> DeviceInfo:
    for device in devices:
        if device.index == index:
            if not device.channels(direction):
                raise ConfigError(
                    f"audio.{direction}: device {index} ({device.name}) is no {_WORD[direction]}"
                )
            return device
    raise AudioError(f"audio.{direction}: there is no device {index}; see `robot-voice devices`")


def _by_name(wanted: str, direction: Direction, usable: Sequence[DeviceInfo]) -> DeviceInfo:
    written = wanted.casefold()
    exact = [device for device in usable if device.name.casefold() == written]
    exact = exact or [device for device in usable if fnmatchcase(device.name.casefold(), written)]
    found = exact or [device for device in usable if written in device.name.casefold()]
    if len(found) == 1 or exact:
        return found[0]
    if found:
        names = ", ".join(repr(device.name) for device in found)
        raise ConfigError(f"audio.{direction}: {wanted!r} may be any of {names}; write more of it")
    names_there = [device.name for device in usable]
    near = difflib.get_close_matches(wanted, names_there, n=3, cutoff=0.4) or names_there[:5]
    raise AudioError(
        f"audio.{direction}: no {_WORD[direction]} is called {wanted!r};"
        f" there is {', '.join(map(repr, near))}; see `robot-voice devices`"
    )


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the C libraries from writing on stderr: without a sound card ALSA and JACK complain
    in dozens of lines that mean nothing to the reader."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
