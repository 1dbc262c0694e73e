"""Sound as engines hand it over: files, silence at both ends, blocks."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from robot_voice.tts.pcm import Trimmer, WaveError, blocks, read_sound, wave_format


def wav(samples: list[int], channels: int = 1, bits: int = 16, extra: bytes = b"") -> bytes:
    form = struct.pack("<HHIIHH", 1, channels, 8000, 0, 0, bits)
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + extra
    return (
        b"RIFF\xff\xff\xff\xff"
        + body
        + b"data\xff\xff\xff\xff"
        + np.array(samples, "<i2").tobytes()
    )


def test_a_header_arrives_in_pieces() -> None:
    data = wav([1, 2], extra=b"LIST\x03\x00\x00\x00abc\x00")
    start = data.index(b"data") + 8
    assert [wave_format(data[:n]) for n in range(start)] == [None] * start
    form = wave_format(data)
    assert form is not None
    assert (form.rate, form.channels, form.offset) == (8000, 1, start)


def test_sound_files() -> None:
    assert read_sound(wav([16384, -16384])).samples.tolist() == [0.5, -0.5]
    assert read_sound(wav([16384, 0, 8192, 8192], channels=2)).samples.tolist() == [0.25, 0.25]
    for bad in (b"", b"nonsense", wav([1])[:30], wav([1], bits=8), b"FORM\0\0\0\0WHAT"):
        with pytest.raises(WaveError):
            read_sound(bad)


@pytest.mark.parametrize(("kind", "order"), [(b"", ">i2"), (b"NONE", ">i2"), (b"sowt", "<i2")])
def test_aiff(kind: bytes, order: str) -> None:
    common = struct.pack(">hIhHQ", 1, 2, 16, 16383 + 14, 22_050 << (63 - 14)) + kind
    pcm = struct.pack(">II", 0, 0) + np.array([16384, -8192], order).tobytes()
    chunks = b"".join(
        name + struct.pack(">I", len(body)) + body
        for name, body in ((b"COMM", common), (b"SSND", pcm))
    )
    speech = read_sound(b"FORM\0\0\0\0" + (b"AIFC" if kind else b"AIFF") + chunks)
    assert speech.rate == 22_050
    assert speech.samples.tolist() == [0.5, -0.25]
    with pytest.raises(WaveError):
        read_sound(b"FORM\0\0\0\0AIFF")


@pytest.mark.parametrize("size", [1, 7, 100, 5000])
def test_trimming_does_not_depend_on_the_pieces(size: int) -> None:
    quiet, loud = np.zeros(1000, np.float32), np.full(500, 0.5, np.float32)
    samples = np.concatenate([quiet, loud, quiet, loud, quiet, quiet])
    trimmer = Trimmer(1000)
    out = [trimmer.push(samples[at : at + size]) for at in range(0, len(samples), size)]
    out.append(trimmer.finish())
    expected = np.concatenate([quiet[:20], loud, quiet, loud, quiet[:150]])
    np.testing.assert_array_equal(np.concatenate(out), expected)


def test_silence_alone_is_nothing() -> None:
    trimmer = Trimmer(1000)
    assert len(trimmer.push(np.zeros(500, np.float32))) == 0
    assert len(trimmer.finish()) == 0


def test_blocks_are_short() -> None:
    lengths = [len(block.samples) for block in blocks(np.zeros(600, np.float32), 1000)]
    assert lengths == [250, 250, 100]
