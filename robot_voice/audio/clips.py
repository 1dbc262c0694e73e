"""Sound files: any format in, 16-bit WAV out."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robot_voice.errors import AudioError
from robot_voice.types import RATE, Samples


def read_audio(path: str | Path) -> Samples:
    """The sound in ``path`` (wav, flac, ogg, mp3, m4a, ...) as mono at ``types.RATE``.

    Raises ``AudioError`` when the file is missing, is no sound, is damaged or has none in it.
    """
    path = Path(path)
    if not path.exists():
        raise AudioError(f"{path}: there is no such file")
    if path.is_dir():
        raise AudioError(f"{path} is a folder, not a sound file")
    if path.stat().st_size == 0:
        raise AudioError(f"{path} is empty (0 bytes)")
    import av  # not at the top: it takes 0.1 s, and only this function needs it

    try:
        _refuse_cut_wav(path)
        samples = _decode(path)
    except av.FFmpegError as error:
        raise AudioError(
            f"{path} cannot be read as sound ({error.strerror or error}): it is damaged,"
            " or not a sound file"
        ) from error
    except OSError as error:
        raise AudioError(f"{path} cannot be read: {error.strerror or error}") from error
    if len(samples) == 0:
        raise AudioError(f"{path} holds no sound: it is cut off after its header, or damaged")
    return samples


def _refuse_cut_wav(path: Path) -> None:
    """FFmpeg takes half a WAV file for a whole one; its header knows better."""
    with path.open("rb") as file:
        head = file.read(12)
    size = int.from_bytes(head[4:8], "little") + 8
    streamed = size > 0x7FFF0000  # written to a pipe, its length unknown
    if head[:4] == b"RIFF" and not streamed and size > path.stat().st_size:
        raise AudioError(
            f"{path} is cut off: it has {path.stat().st_size} of {size} bytes; copy it again"
        )


def _decode(path: Path) -> Samples:
    import av

    with av.open(str(path), metadata_errors="ignore") as container:
        if not container.streams.audio:
            raise AudioError(f"{path} has no sound in it")
        resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
        blocks = [
            resampled.to_ndarray()[0]
            for frame in container.decode(audio=0)
            for resampled in resampler.resample(frame)
        ]
        blocks += [resampled.to_ndarray()[0] for resampled in resampler.resample(None)]
    return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)


def write_wav(path: str | Path, samples: Samples, rate: int = RATE) -> None:
    """Write mono ``samples`` as 16-bit PCM. Raises ``AudioError`` when the file cannot be made."""
    try:
        with open(path, "wb") as raw, wave.open(raw, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(rate)
            file.writeframes(to_int16(samples).tobytes())
    except OSError as error:
        raise AudioError(f"{path} cannot be written: {error.strerror or error}") from error


def to_int16(samples: Samples) -> NDArray[np.int16]:
    """Floats in [-1, 1] as 16-bit PCM; what is louder is clipped."""
    return np.round(np.clip(samples, -1.0, 1.0) * 32767).astype("<i2")


def to_float(pcm: NDArray[np.int16]) -> Samples:
    """16-bit PCM as floats in [-1, 1)."""
    return pcm.astype(np.float32) / np.float32(32768)
