"""Blocking PulseAudio streams by libpulse-simple (ctypes, nothing to build).

Used by the rig's own processes (room, talker, recorder). The code under test never touches
this: it goes through PortAudio and ALSA as on the robot.
"""

from __future__ import annotations

import ctypes as c
from types import TracebackType
from typing import Any, Literal

_NO = 0xFFFFFFFF
_S16LE = 3


class _Spec(c.Structure):
    _fields_ = (("format", c.c_int), ("rate", c.c_uint32), ("channels", c.c_uint8))


class _Attr(c.Structure):
    _fields_ = tuple(
        (name, c.c_uint32) for name in ("maxlength", "tlength", "prebuf", "minreq", "fragsize")
    )


def _library() -> Any:
    library = c.CDLL("libpulse-simple.so.0")
    error = c.POINTER(c.c_int)
    library.pa_simple_new.restype = c.c_void_p
    library.pa_simple_new.argtypes = [
        *(c.c_char_p, c.c_char_p, c.c_int, c.c_char_p, c.c_char_p),
        *(c.POINTER(_Spec), c.c_void_p, c.POINTER(_Attr), error),
    ]
    for function in (library.pa_simple_write, library.pa_simple_read):
        function.argtypes = [c.c_void_p, c.c_char_p, c.c_size_t, error]
    library.pa_simple_drain.argtypes = [c.c_void_p, error]
    library.pa_simple_free.argtypes = [c.c_void_p]
    return library


class PulseError(OSError):
    """The sound server refused, or went away."""


class Stream:
    """Mono 16-bit sound to or from a PulseAudio device."""

    def __init__(
        self,
        direction: Literal["play", "record"],
        device: str,
        rate: int,
        server: str,
        buffer_ms: int = 20,
    ) -> None:
        self._library = _library()
        self._error = c.c_int(0)
        size = 2 * rate * buffer_ms // 1000
        play = direction == "play"
        spec = _Spec(_S16LE, rate, 1)
        attr = _Attr(_NO, size, size if play else _NO, _NO, size)
        self._stream = self._library.pa_simple_new(
            *(server.encode(), b"rig", 1 if play else 2, device.encode(), b"rig"),
            *(c.byref(spec), None, c.byref(attr), c.byref(self._error)),
        )
        if not self._stream:
            raise PulseError(f"{direction} {device}: error {self._error.value}")

    def write(self, pcm: bytes) -> None:
        if self._library.pa_simple_write(self._stream, pcm, len(pcm), c.byref(self._error)) < 0:
            raise PulseError(f"write: error {self._error.value}")

    def read(self, size: int) -> bytes:
        buffer = c.create_string_buffer(size)
        if self._library.pa_simple_read(self._stream, buffer, size, c.byref(self._error)) < 0:
            raise PulseError(f"read: error {self._error.value}")
        return buffer.raw

    def drain(self) -> None:
        self._library.pa_simple_drain(self._stream, c.byref(self._error))

    def close(self) -> None:
        stream, self._stream = self._stream, None
        if stream:
            self._library.pa_simple_free(stream)

    def __enter__(self) -> Stream:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
