"""What the robot claims to have said when it is cut short, against what left its loudspeaker.

    python -m scripts.bench.truth [--cuts 100]

Replies in four languages are played through the real audio process on the virtual sound card and
stopped at a random moment. The claim is ``Spoken.until`` of what the loudspeaker reports. The truth
is counted in the recording of what left the device: how far the sound got, and how many syllables
(vowel phonemes, by espeak-ng's events) are over by then. The claimed text's syllables are counted
by having it spoken alone. So neither the positions in the events nor our sharing out of syllables
among letters has a part in the truth.

Beside it, the same cuts without marks, by the weights of ``conversation``. "every moment" is the
same again without a sound card, at every 20 ms of every reply, as if the card had ``UNDER_WAY`` of
sound in it that is heard after the stop. (How much that is, is measured too: "after the stop".)
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from robot_voice.audio.clips import to_int16
from robot_voice.audio.device import DeviceAudio
from robot_voice.audio.resample import Resampler
from robot_voice.config import AudioConfig, VadConfig
from robot_voice.conversation import Spoken
from robot_voice.events import Event as Happening
from robot_voice.types import RATE
from tests.rig.audiorig import AudioRig, Pcm
from tests.rig.selftest import find

from .common import defaults, machine, save, spread
from .syllables import Reader, Sentence

STEP = 0.02
UNDER_WAY = 0.04
PIECES = (4000, 2000, 1000)
"""Samples at the end of a recording that are looked for, the longest first that has no hole."""

REPLIES: Mapping[str, Sequence[tuple[str, ...]]] = {
    "en": (
        ("I am happy to help you with that.", "We can start right now, if you like."),
        ("The weather in the garden was wonderful this morning; everybody stayed outside.",),
        ("Please put the blue box on the table, next to the window.", "Thank you!"),
        ("My batteries are nearly empty, so I should go back to my charging station.",),
        ("Could you repeat the question?", "I did not understand the last word."),
        ("This is an extraordinary opportunity for the university.",),
        ("Unfortunately the elevator is out of order; please use the stairs.",),
        ("The temperature is 21 degrees, and 3 people are in the kitchen.",),
    ),
    "ko": (
        ("안녕하세요, 만나서 반갑습니다.", "저는 여러분을 돕는 로봇이에요."),
        ("오늘은 날씨가 맑고 바람이 조금 불어요.", "산책하기 좋은 날이네요."),
        ("파란 상자를 창문 옆 탁자 위에 놓아 주세요.",),
        ("배터리가 얼마 남지 않아서 충전하러 가야 해요.", "금방 돌아올게요!"),
        ("서울에서 부산까지 기차로 가면, 두 시간 반쯤 걸립니다.",),
        ("엘리베이터가 고장 나서 계단을 이용해 주세요.",),
        ("회의는 오후 3시 30분에 시작하고, 12명이 참석합니다.",),
    ),
    "ja": (
        ("こんにちは、今日もいい天気ですね。", "散歩に行きませんか。"),
        ("私はロボットです。", "どうぞよろしくお願いします。"),
        ("コンピューターの電源を入れて、少し待ってください。",),
        ("きのうはともだちといっしょに、えいがをみました。",),
        ("昨日おばあさんの写真を三枚見つけました。",),
        ("居間のテレビを消しましょうか。",),
        ("電池が少ないので、充電に戻ります。", "またあとで！"),
    ),
    "zh": (
        ("你好，很高兴认识你。", "我是一个会说话的机器人。"),
        ("今天天气很好，我们一起去公园散步吧。",),
        ("请把蓝色的盒子放在窗户旁边的桌子上。", "谢谢！"),
        ("昨天我找到了三张奶奶的照片。",),
        ("我的电池快没电了，所以要回去充电。",),
        ("您能再说一遍吗？", "我没有听清楚最后一个词。"),
    ),
}


def spoken(reply: Sequence[Sentence], marks: bool = True) -> Spoken:
    result = Spoken()
    for sentence in reply:
        result.begin(sentence.text)
        for block in sentence.blocks:
            result.extend(block.seconds, block.marks if marks else ())
        result.finish()
    return result


def heard(reply: Sequence[Sentence], seconds: float) -> int:
    """How many syllables are over after so much of the reply's sound."""
    count, start = 0, 0.0
    for sentence in reply:
        count += sum(start + at <= seconds for at in sentence.over)
        start += sentence.seconds
    return count


# --- the cuts ----------------------------------------------------------------------------


Errors = dict[str, list[int]]
"""By language: syllables claimed less syllables heard."""


class Cuts:
    """Claims against truths."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.lags: list[float] = []
        """Milliseconds of sound that left the device beyond what the loudspeaker reports."""
        self.marks: Errors = defaultdict(list)
        self.weights: Errors = defaultdict(list)

    def add(self, reply: Sequence[Sentence], told: float, truth: float) -> None:
        """``told``: seconds heard as the loudspeaker reports. ``truth``: as recorded."""
        self.lags.append(1000 * (truth - told))
        for errors, marks in ((self.marks, True), (self.weights, False)):
            claim = spoken(reply, marks).until(told)
            error = self._reader.claimed(claim, reply) - heard(reply, truth)
            errors[reply[0].language].append(error)

    def result(self) -> dict[str, Any]:
        return {
            name: {
                **figures([error for each in errors.values() for error in each]),
                "by language": {language: figures(each) for language, each in errors.items()},
            }
            for name, errors in (("marks", self.marks), ("weights", self.weights))
        }


def figures(errors: Sequence[int]) -> dict[str, float]:
    return {
        "n": len(errors),
        "within one": round(sum(abs(error) <= 1 for error in errors) / len(errors), 4),
        "exact": round(sum(error == 0 for error in errors) / len(errors), 4),
        "most off": max(map(abs, errors)),
        "most ahead": max(0, *errors),
    }


def every_moment(reader: Reader, replies: Sequence[Sequence[Sentence]]) -> Cuts:
    cuts = Cuts(reader)
    for reply in replies:
        for at in np.arange(0, sum(sentence.seconds for sentence in reply) + STEP, STEP):
            cuts.add(reply, float(at), float(at) + UNDER_WAY)
    return cuts


# --- the sound card ----------------------------------------------------------------------


async def at_the_device(
    rig: AudioRig, reader: Reader, replies: Sequence[Sequence[Sentence]], times: int
) -> Cuts:
    dice, cuts = random.Random(0), Cuts(reader)
    happened: list[Happening] = []
    config = AudioConfig.model_validate({"input": "rig_mic", "output": "rig_spk", "echo": "off"})
    async with DeviceAudio(config, VadConfig(), happened.append) as audio:
        await audio.first_status()
        for number in range(times):
            reply = replies[number % len(replies)]
            length = sum(sentence.seconds for sentence in reply)
            recorder = rig.tap_speaker()
            await asyncio.sleep(0.1)
            async with asyncio.TaskGroup() as tasks:
                playing = tasks.create_task(play(audio, reply))
                await audio.sounding()
                await asyncio.sleep(dice.uniform(0.1, length))
                told = audio.stop()
                playing.cancel()
            await asyncio.sleep(0.3)
            cuts.add(reply, told, left_the_device(recorder.stop(), reply, told))
    return cuts


async def play(audio: DeviceAudio, reply: Sequence[Sentence]) -> None:
    for sentence in reply:
        for block in sentence.blocks:
            await audio.play(block)
    await audio.drain()


def left_the_device(recorded: Pcm, reply: Sequence[Sentence], told: float) -> float:
    """The seconds of the reply that are in the recording: where its last piece is in the reply. Its
    length does not tell, for a busy machine leaves holes in the sound."""
    resampler = Resampler(RATE)
    pieces = [resampler.push(block) for sentence in reply for block in sentence.blocks]
    sound = to_int16(np.concatenate([*pieces, resampler.flush()]))
    last = int(np.flatnonzero(recorded)[-1]) + 1
    for size in PIECES:
        at, equal = find(recorded[last - size : last], sound)
        if equal > 0.9:
            return (at + size) / RATE
    start, _ = find(sound[: max(RATE // 5, int(told * RATE))], recorded)
    return (last - start) / RATE


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cuts", type=int, default=100)
    options = parser.parse_args()
    reader = Reader()
    # One language after the other, so that any number of cuts has about as many of each.
    rounds = max(map(len, REPLIES.values()))
    replies = [
        [reader.say(text, language) for text in texts[number % len(texts)]]
        for number in range(rounds)
        for language, texts in REPLIES.items()
    ]
    result: dict[str, Any] = {"machine": machine(defaults())}
    result["every moment"] = every_moment(reader, replies).result()
    if missing := AudioRig.missing():
        raise SystemExit(f"no virtual sound card: {missing}")
    with AudioRig() as rig:
        cuts = asyncio.run(at_the_device(rig, reader, replies, options.cuts))
    result |= {**cuts.result(), "after the stop, ms": spread(cuts.lags)}
    reader.close()
    print(json.dumps(result, indent=2))  # noqa: T201
    if options.cuts >= 100:
        save("truth", result)


if __name__ == "__main__":
    main()
