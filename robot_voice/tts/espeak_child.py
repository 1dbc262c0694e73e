"""The process in which espeak-ng's library speaks (see ``espeak_library``).

Run by its path it imports nothing of this package, so it starts quickly and stays small. It ends
when its stdin does: whoever started it is gone.

Frames, both ways: a letter, the payload's length (``HEAD``), the payload.

    to it     S  a sentence: ``RATE PITCH VOLUME VOICE TEXT``, a line each; the text is the last
              C  stop this sentence; without one: nothing
    from it   R  it is ready: the library's samples per second
              A  sound: 16-bit samples, one channel
              E  events: an array of ``EVENT``
              D  the sentence is over, or stopped: the next may come
              X  why there is no sound, as text; after a sentence as good as D

What the numbers of the library's interface mean is in espeak-ng's ``speak_lib.h``, version 1.51.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import struct
import sys
from typing import Any

HEAD = struct.Struct("<cI")
EVENT = struct.Struct("<BIi8s")
"""Kind, sample at which it happens, character of the text from 1, and what is said: IPA."""

SENTENCE, WORD, CLAUSE_END, PHONEME = 2, 1, 5, 7
"""Kinds of events."""

_SYNCHRONOUS = 2  # espeak_AUDIO_OUTPUT: the callback is called by espeak_Synth itself
_PHONEME_EVENTS, _IPA, _DONT_EXIT = 0x1, 0x2, 0x8000
_RATE, _VOLUME, _PITCH = 1, 2, 3
_BY_CHARACTER = 1
_UTF8, _END_PAUSE = 0x1, 0x1000
_BUFFER_MS = 60


class _Id(ctypes.Union):
    _fields_ = (
        ("number", ctypes.c_int),
        ("name", ctypes.c_char_p),
        ("string", ctypes.c_char * 8),
    )


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    )


class _Voice(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_char_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("xx1", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


class Speaker:
    """The library, and the two pipes."""

    def __init__(self, library: str) -> None:
        """Raises ``OSError`` when it cannot be loaded or finds no data."""
        self._library = ctypes.CDLL(library)
        options = _PHONEME_EVENTS | _IPA | _DONT_EXIT
        self.rate = int(self._library.espeak_Initialize(_SYNCHRONOUS, _BUFFER_MS, None, options))
        if self.rate <= 0:
            raise OSError("espeak-ng finds no data")
        self._library.espeak_SetVoiceByName.argtypes = (ctypes.c_char_p,)
        self._library.espeak_Synth.argtypes = (
            *(ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int),
            *(ctypes.c_uint, ctypes.c_uint, ctypes.c_void_p, ctypes.c_void_p),
        )
        self._stopped = False
        self._callback = _Callback(self._made)  # kept: the library does not
        self._library.espeak_SetSynthCallback(self._callback)

    def say(self, order: bytes) -> None:
        rate, pitch, volume, voice, text = order.split(b"\n", 4)
        if not self._choose(voice):
            put(b"X", b"espeak-ng has no voice '" + voice + b"'")
            return
        for parameter, value in ((_RATE, rate), (_PITCH, pitch), (_VOLUME, volume)):
            self._library.espeak_SetParameter(parameter, int(value), 0)
        flags = _UTF8 | _END_PAUSE
        text += b"\0"
        self._stopped = False
        error = self._library.espeak_Synth(text, len(text), 0, _BY_CHARACTER, 0, flags, None, None)
        failed = error and not self._stopped
        put(*((b"X", b"espeak-ng failed with error %d" % error) if failed else (b"D", b"")))

    def _choose(self, voice: bytes) -> bool:
        """By name, else by language: as the program espeak-ng does it."""
        if self._library.espeak_SetVoiceByName(voice) == 0:
            return True
        wanted = _Voice(languages=voice)
        return bool(self._library.espeak_SetVoiceByProperties(ctypes.byref(wanted)) == 0)

    def _made(self, sound: Any, count: int, events: Any) -> int:
        """The library's callback: more sound. Returns 1 for "no more, please"."""
        packed, at = [], 0
        while kind := events[at].type:
            event = events[at]
            if kind in (WORD, SENTENCE, CLAUSE_END, PHONEME):
                said = event.id.string if kind == PHONEME else b""
                packed.append(EVENT.pack(kind, event.sample, event.text_position, said))
            at += 1
        pcm = ctypes.string_at(sound, 2 * count) if sound and count else b""
        for frame, payload in ((b"E", b"".join(packed)), (b"A", pcm)):
            if payload and not self._stopped:
                self._stopped = not put(frame, payload, patient=False)
        return int(self._stopped)


def put(kind: bytes, payload: bytes, patient: bool = True) -> bool:
    """Write a frame. If not ``patient``: False once somebody has written to us meanwhile, which can
    only mean "stop"; the frame is still finished, for its reader reads on until D."""
    data = memoryview(HEAD.pack(kind, len(payload)) + payload)
    stopped = False
    while data:
        sources = [] if patient or stopped else [0]
        ready, room, _ = select.select(sources, [1], [])
        if ready:
            _take()
            stopped = True
        if room:
            data = data[os.write(1, data) :]
    return not stopped


def _take() -> tuple[bytes, bytes]:
    """The next frame for us. Ends the process when there will be none."""
    kind, length = HEAD.unpack(_read(HEAD.size))
    return kind, _read(length)


def _read(size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = os.read(0, size - len(data))
        if not more:
            os._exit(0)
        data += more
    return data


def main() -> int:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # meant for who started us: then stdin ends
    os.set_blocking(1, False)
    try:
        speaker = Speaker(sys.argv[1])
    except (OSError, AttributeError) as error:
        put(b"X", str(error).encode())
        return 1
    put(b"R", b"%d" % speaker.rate)
    while True:
        kind, order = _take()
        if kind == b"S":
            speaker.say(order)


if __name__ == "__main__":
    sys.exit(main())
