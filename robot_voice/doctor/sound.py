"""Checks of the sound system. Settings are asked about; nothing is played or recorded.

Without a microphone or a loudspeaker everything that reads and writes files still works, so their
absence is a warning.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

from robot_voice.audio.devices import (
    DeviceInfo,
    Direction,
    find_device,
    list_devices,
    quiet,
    sounddevice,
)
from robot_voice.audio.formats import Format, formats, is_refusal
from robot_voice.errors import AudioError, ConfigError

from .check import Check, Subject

_SOUND_DEVICES = Path("/dev/snd")
_FILES_WORK = "audio files still work (`ask`, `transcribe`, `say --output`)"


def portaudio(subject: Subject) -> Iterator[Check]:
    try:
        count, version = len(list_devices()), sounddevice().get_portaudio_version()[1]
    except AudioError as error:
        detail = f"{error}: no live conversation; {_FILES_WORK}"
        mend = "Debian, Ubuntu: sudo apt install libportaudio2. Else: pip install sounddevice."
        yield Check("PortAudio", "fail", detail, mend)
    else:
        yield Check("PortAudio", "ok", f"{version.partition(',')[0]}, devices: {count}")


def permissions(subject: Subject) -> Iterator[Check]:
    """On Linux the sound cards belong to the group audio (or to who sits at the screen)."""
    if not _SOUND_DEVICES.is_dir():
        return
    cards = [card for card in _SOUND_DEVICES.iterdir() if not card.is_dir()]
    closed = [card.name for card in cards if not os.access(card, os.R_OK | os.W_OK)]
    if closed:
        detail = f"not allowed to use {', '.join(sorted(closed)[:4])} in {_SOUND_DEVICES}"
        mend = 'sudo usermod -aG audio "$USER", and log in again.'
        yield Check("sound permissions", "warn", detail, mend)
    else:
        yield Check("sound permissions", "ok", f"{len(cards)} device files are open to you")


def microphone(subject: Subject) -> Iterator[Check]:
    yield _device("input", subject.config.audio.input)


def loudspeaker(subject: Subject) -> Iterator[Check]:
    yield _device("output", subject.config.audio.output)


def echo(subject: Subject) -> Iterator[Check]:
    """Whether the robot can be interrupted while it speaks without hearing itself."""
    wanted = subject.config.audio.echo
    installed = importlib.util.find_spec("livekit") is not None
    mend = "pip install livekit (the extra [aec])"
    if wanted == "aec" and not installed:
        detail = 'audio.echo = "aec", but the extra [aec] is not installed'
        yield Check("echo", "fail", detail, f'{mend}, or audio.echo = "auto".')
    elif wanted == "auto" and not installed:
        detail = "the extra [aec] is not installed: the robot is deaf while it speaks"
        yield Check("echo", "warn", detail, f"{mend} to be able to interrupt it.")
    else:
        detail = "cancelled" if wanted in ("aec", "auto") else f'audio.echo = "{wanted}"'
        yield Check("echo", "ok", detail)


def _device(direction: Direction, wanted: str | int) -> Check:
    """Whether the configured device is there, and in which format it would be opened."""
    label, use = {
        "input": ("microphone", "speak to the robot"),
        "output": ("loudspeaker", "hear the robot"),
    }[direction]
    mend = f"Plug one in, or choose audio.{direction} from `robot-voice devices`."
    try:
        device = find_device(wanted, direction, list_devices())
        form = _format(direction, device)
    except AudioError as error:
        return Check(label, "warn", f"{error}. You cannot {use} here; {_FILES_WORK}", mend)
    except ConfigError as error:
        return Check(label, "fail", str(error), f"Correct audio.{direction}.")
    converted = "" if form == Format() else f", converted to {Format()}"
    return Check(label, "ok", f"{device.name}: {form}{converted}")


def _format(direction: Direction, device: DeviceInfo) -> Format:
    """Raises ``AudioError`` if the device takes none that we know."""
    module = sounddevice()
    ask = module.check_input_settings if direction == "input" else module.check_output_settings
    refusal: Exception | None = None
    for form in formats(device, direction):
        try:
            with quiet():
                ask(
                    device=device.index,
                    channels=form.channels,
                    samplerate=form.rate,
                    dtype=form.dtype,
                )
        except (module.PortAudioError, ValueError) as error:
            refusal = refusal or error
            if not is_refusal(error):
                break
        else:
            return form
    raise AudioError(f"{device.name} cannot be opened: {refusal}") from refusal
