"""Is every turn answered, and nothing said twice, when the link to a remote model dies?

    python -m scripts.bench.remote_faults [faults]

A server on this machine, a proxy that breaks the answer at a random byte (``tests.openai_server``),
and the real way from there to the voice: ``RemoteLlm``, ``FallbackLlm``, a worker's thread, and
``reply`` with a screen that passes everything. The model on board is one of four:

* ``same`` would say the same as the remote one, and goes on from a beginning: so what is spoken
  must be that very text, whole, whatever broke where;
* ``stubborn`` would, too, but ignores the beginning and starts again; the same must be spoken;
* ``other`` cannot go on: its own reply is spoken or the remote one's, as far as it came;
* ``starter`` is the real one.

Then replies are cancelled at random moments, on a link that is well, silent or stalled.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Self

from robot_voice.engines import Cancelled, Llm
from robot_voice.errors import LlmError, VoiceError
from robot_voice.llm.fallback import Breaker, FallbackLlm
from robot_voice.llm.remote import RemoteLlm
from robot_voice.llm_config import LlmConfig, RemoteConfig
from robot_voice.reply import reply
from robot_voice.stages import Mind
from robot_voice.types import Draft, Message, SafeText, Stream, Transcript
from robot_voice.worker import Worker
from tests.openai_server import FAULTS, FakeServer, Fault, FaultKind, FaultyLink
from tests.openai_server import reply as answer

CUTS = 100
CANCELS = 100
AHEAD = 8
"""Pieces that the worker may be ahead, as in ``build``."""
PAUSE = 0.001
"""Seconds between the server's pieces."""
HEAD, FRAME = 170, 6
"""Bytes of the server's status line and headers, and of what HTTP wraps around a chunk."""
LIMITS = {"connect_seconds": 1.0, "first_token_seconds": 0.5, "stall_seconds": 0.3}
QUIET: Sequence[FaultKind] = ("none", "silent", "stall")
"""Links on which replies are cancelled."""
OWN = "I am on board. I can say this much."
"""What the model ``other`` says."""
_KOREAN = (
    "버스는 {}시에 떠나요. 정류장은 공원 앞에 있어요! 표는 필요 없어요. "
    "조금 일찍 나가는 게 좋아요. 잘 다녀오세요."
)
_ENGLISH = (
    "Of course, I can tell you that: bus {} leaves at nine. It stops in front of the park! You"
    " need no ticket for it. Please be there a little early. Have a good trip."
)


@dataclass
class Result:
    """What came of the turns."""

    faults: Counter[str] = field(default_factory=Counter)
    """By kind: those that struck."""
    helpers: Counter[str] = field(default_factory=Counter)
    """Turns by the model on board."""
    in_mid_turn: int = 0
    """Turns in which a sentence was there before the fault."""
    unanswered: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    """Turns in which something is missing, or is in the wrong place."""


class Repeating:
    """An ``engines.Llm`` that knows the reply beforehand."""

    def __init__(self, text: str, goes_on: bool) -> None:
        self._text, self._goes_on = text, goes_on
        self.begun = True
        """Whether it was given the beginning of a reply, or none was asked for."""

    def generate(self, messages: Sequence[Message], cancelled: Cancelled) -> Iterator[str]:
        text = self._text
        self.begun = messages[-1].role == "assistant"
        if self._goes_on and self.begun:
            text = text.removeprefix(messages[-1].text).lstrip()
        yield from (f"{word} " for word in text.split())

    def prefill(self, messages: Sequence[Message], cancelled: Cancelled) -> None:
        """It needs none."""

    def close(self) -> None:
        """It has nothing."""


class Rig:
    """A server, a link to it, and the turns of one robot. A context."""

    def __init__(self, helpers: Mapping[str, Llm | None], seed: int = 11) -> None:
        """``helpers``: by name, the models on board; None: one made for the turn."""
        self._helpers = helpers
        self._dice = random.Random(seed)
        self._now = 0.0
        self._breaker = Breaker(lambda: self._now)
        self.result = Result()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.server = stack.enter_context(FakeServer())
            self.link = stack.enter_context(FaultyLink(self.server.port))
            self._worker = Worker("llm", LlmError, 20.0)
            stack.callback(self._worker.close)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def remote(self) -> RemoteLlm:
        limits = RemoteConfig(url=self.link.url, **LIMITS)
        return RemoteLlm(LlmConfig(remote=limits, max_tokens=400))

    def script(self, text: str) -> int:
        """What the server answers from now on, in pieces of random sizes. Returns about how many
        bytes that makes until the reply is whole."""
        pieces, rest = list[str](), text
        while rest:
            size = self._dice.randint(1, 6)
            pieces.append(rest[:size])
            rest = rest[size:]
        self.server.script = steps = answer(*pieces, pause=PAUSE)
        return HEAD + sum(FRAME + len(step) for step in steps[:-2] if isinstance(step, bytes))

    def turn(self, number: int) -> None:
        """One question, one fault at a random byte of the answer."""
        korean = self._dice.random() < 0.5
        text = (_KOREAN if korean else _ENGLISH).format(number)
        size = self.script(text)
        kind = FAULTS[number % len(FAULTS)]
        self.link.fault = Fault(kind, self._dice.randrange(size))
        name = self._dice.choice(list(self._helpers))
        self._now += 1000.0  # the breaker lets every turn try
        spoken, failure = self._speak(name, text, "ko" if korean else "en")
        self._judge(f"{kind} at {self.link.fault.at}, {name}", spoken, failure, text)
        self.result.helpers[name] += 1

    def _speak(self, name: str, text: str, language: str) -> tuple[list[str], str]:
        """What is spoken, and why no more."""
        gone: list[str] = []
        local = self._helpers[name] or Repeating(OWN if name == "other" else text, name == "same")
        goes_on = name in ("same", "stubborn")
        llm = FallbackLlm(
            self.remote(), local, goes_on, lambda well, why: gone.append(why), self._breaker
        )
        self._breaker.succeeded()  # so that a failure is news
        spoken: list[str] = []
        failure = ""
        try:
            asyncio.run(self._listen(llm, language, spoken))
        except VoiceError as error:
            failure = str(error)
        self.result.faults.update([self.link.fault.kind] if gone else [])
        if isinstance(local, Repeating):
            self.result.in_mid_turn += bool(gone) and local.begun
        else:
            self.result.in_mid_turn += text.startswith(" ".join(spoken))
        return spoken, failure

    async def _listen(self, llm: Llm, language: str, spoken: list[str]) -> None:
        def generate(messages: Sequence[Message], language: str) -> Stream[str]:
            return self._worker.stream(partial(llm.generate, messages), AHEAD)

        words = Transcript("When does the bus leave?", language)
        async for sentence in reply(_mind(generate), words, [Message("user", words.text)]):
            spoken.append(sentence.text)

    def _judge(self, what: str, spoken: list[str], failure: str, text: str) -> None:
        result, heard = self.result, " ".join(spoken)
        came = text.startswith(heard)
        if failure or not spoken:
            result.unanswered.append(f"{what}: {failure}")
        if len(set(spoken)) < len(spoken):
            result.twice.append(f"{what}: {heard}")
        if what.endswith(("same", "stubborn")) and heard != text:
            result.wrong.append(f"{what}: {heard}")
        ended = came and heard[-1:] in tuple(".!?")
        if what.endswith("other") and not ended and heard != OWN:
            result.wrong.append(f"{what}: {heard}")

    def cancel(self) -> float | None:
        """Cancel a reply at a random moment. Returns the seconds until it has ended; None: it had
        before."""
        kind = self._dice.choice(QUIET)
        self.script(_ENGLISH.format(0))
        self.link.fault = Fault(kind, self._dice.randrange(100, 4000))
        flag, when = threading.Event(), list[float]()

        def strike() -> None:
            when.append(time.perf_counter())
            flag.set()

        remote = self.remote()
        timer = threading.Timer(self._dice.uniform(0.0, 0.15), strike)
        timer.start()
        for _ in remote.generate([Message("user", "hm?")], flag.is_set):
            pass
        took = time.perf_counter() - when[0] if flag.is_set() else None
        timer.join()
        return took


def _mind(generate: Callable[[Sequence[Message], str], Stream[str]]) -> Mind:
    """Thinking with a screen that passes everything."""

    async def screen(draft: Draft) -> SafeText:
        return SafeText(draft.text, draft.language)

    async def nothing(words: Transcript, language: str, said: str) -> None:
        return None

    async def prepare(messages: Sequence[Message], language: str) -> None:
        return None

    return Mind(
        generate=generate,
        reply_language=lambda words: words.language,
        screen=screen,
        answer=nothing,
        rewrite=None,
        closing=lambda language: None,
        prepare=prepare,
    )


def inject(faults: int, helpers: Mapping[str, Llm | None], seed: int = 11) -> Result:
    """Turns, until so many faults came about."""
    with Rig(helpers, seed) as rig:
        for number in itertools.count():
            if rig.result.faults.total() >= faults:
                break
            rig.turn(number)
        return rig.result


def figures(result: Result, cancels_ms: Sequence[float]) -> dict[str, Any]:
    from .common import spread

    return {
        "turns": result.helpers.total(),
        "faults": result.faults.total(),
        "kinds": dict(sorted(result.faults.items())),
        "on_board": dict(sorted(result.helpers.items())),
        "in_mid_turn": result.in_mid_turn,
        "unanswered": len(result.unanswered),
        "said_twice": len(result.twice),
        "wrong": len(result.wrong),
        "cancel_ms": spread(cancels_ms),
    }


def main() -> None:
    from robot_voice import paths
    from robot_voice.llm.llama import LlamaLlm

    from .common import defaults, machine, save

    (path,) = (paths.starter_models() / "llm").glob("*.gguf")
    with closing(LlamaLlm(path, LlmConfig(), 1)) as starter:
        helpers = {"same": None, "stubborn": None, "other": None, "starter": starter}
        result = inject(int(sys.argv[1]) if len(sys.argv) > 1 else CUTS, helpers)
    with Rig({}) as rig:
        cancels = list[float]()
        while len(cancels) < CANCELS:
            took = rig.cancel()
            cancels += [] if took is None else [1000 * took]
    for text in (*result.unanswered, *result.twice, *result.wrong):
        sys.stdout.write(f"{text}\n")
    found = {"machine": machine(defaults()), **figures(result, cancels)}
    save("remote_faults", found)
    sys.stdout.write(json.dumps(found, ensure_ascii=False, indent=2) + "\n")


if __name__ == "__main__":
    main()
