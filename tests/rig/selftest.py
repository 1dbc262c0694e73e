"""Does the rig work on this machine? ``python -m tests.rig.selftest``: a JSON line per check."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import numpy as np

from .audiorig import AudioRig, Pcm, refresh_portaudio

RATE = 16_000


def find(needle: Pcm, hay: Pcm) -> tuple[int, float]:
    """Where ``needle`` is in ``hay``, and the share of its samples that are equal there."""
    size = 1 << (len(hay) + len(needle)).bit_length()
    spectrum = np.fft.rfft(hay.astype(float), size)
    spectrum *= np.conj(np.fft.rfft(needle.astype(float), size))
    at = int(np.argmax(np.fft.irfft(spectrum, size)[: len(hay)]))
    part = hay[at : at + len(needle)]
    return at, float(np.sum(part == needle[: len(part)]) / len(needle))


class SelfTest:
    def __init__(self, rig: AudioRig) -> None:
        import sounddevice

        self.sd = sounddevice
        self.rig = rig
        self.dice = np.random.default_rng(0)
        self.good = True

    def report(self, check: str, good: bool, **details: Any) -> None:
        sys.stdout.write(json.dumps({"check": check, "ok": bool(good), **details}) + "\n")
        self.good &= bool(good)

    def noise(self, seconds: float) -> Pcm:
        return (self.dice.standard_normal(int(RATE * seconds)) * 5000).astype("<i2")

    def microphone(self, block_ms: int) -> None:
        """What is said in front of the microphone arrives sample for sample."""
        said, heard = self.noise(2), bytearray()
        with self.sd.RawInputStream(
            device="rig_mic",
            samplerate=RATE,
            blocksize=RATE * block_ms // 1000,
            channels=1,
            dtype="int16",
            latency="low",
            callback=lambda data, *_: heard.extend(bytes(data)),
        ):
            time.sleep(0.2)
            self.rig.say(said)
            time.sleep(0.2)
        _, equal = find(said, np.frombuffer(bytes(heard), "<i2"))
        self.report(f"microphone, {block_ms} ms", equal == 1, equal=equal)

    def play(self, samples: Pcm) -> None:
        at = 0

        def fill(out: Any, frames: int, *_: Any) -> None:
            nonlocal at
            block = samples[at : at + frames].tobytes()
            out[:] = block + bytes(len(out) - len(block))
            at += frames

        with self.sd.RawOutputStream(
            device="rig_spk",
            samplerate=RATE,
            blocksize=160,
            channels=1,
            dtype="int16",
            latency="low",
            callback=fill,
        ):
            time.sleep(len(samples) / RATE + 0.4)

    def loudspeaker(self) -> None:
        """What is played arrives sample for sample."""
        said, tap = self.noise(2), self.rig.tap_speaker()
        self.play(said)
        _, equal = find(said, tap.stop())
        self.report("loudspeaker", equal == 1, equal=equal)

    def room(self) -> None:
        """What is played comes back, later and softer."""
        room = self.rig.room(delay_ms=40, gain_db=-6, rt60=0)
        said = self.noise(1)
        speaker, mic = self.rig.tap_speaker(), self.rig.tap_mic()
        self.play(said)
        played, echo = speaker.stop(), mic.stop()
        at, back = find(said, played)[0], find(said, echo)[0]
        delay = (back - at) / RATE * 1000 + (mic.started - speaker.started) * 1000
        level = 20 * np.log10(np.std(echo[back : back + RATE]) / np.std(said))
        good = 40 <= delay <= 250 and -7 < level < -5
        self.report("room", good, delay_ms=round(delay), level_db=round(float(level), 1))
        room.kill()

    def unplug(self) -> None:
        """A stream whose device is pulled ends, and the device can be opened once it is back."""
        ended: list[float] = []
        stream = self.sd.RawInputStream(
            device="rig_mic",
            samplerate=RATE,
            channels=1,
            dtype="int16",
            callback=lambda *_: None,
            finished_callback=lambda: ended.append(time.monotonic()),
        )
        stream.start()
        time.sleep(0.3)
        self.rig.unplug("mic")
        time.sleep(0.4)
        stream.close()
        self.rig.replug("mic")
        refresh_portaudio()
        with self.sd.RawInputStream(device="rig_mic", samplerate=RATE, channels=1, dtype="int16"):
            pass
        self.report("unplug", len(ended) == 1)


def main() -> int:
    with AudioRig(rate=RATE) as rig:
        test = SelfTest(rig)
        for block_ms in (10, 20, 30):
            test.microphone(block_ms)
        test.loudspeaker()
        test.room()
        test.unplug()
    return 0 if test.good else 1


if __name__ == "__main__":
    sys.exit(main())
