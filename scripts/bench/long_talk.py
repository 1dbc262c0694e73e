"""A conversation that does not end: memory, context and summary after a thousand turns.

    python -m scripts.bench.long_talk [--turns 1000] [--save]

One process, the starter's language model, the filter and no audio. Somebody says the sentences of
``memory.tsv`` in English and Korean, over and over, and sometimes speaks while the robot is summing
up. The starter cannot sum up: it is made to all the same, for what it writes in the place of a
summary is as long as one, and no worse to keep in bounds than a good one.

* *Memory*: resident MiB after the first hundred turns, and at the end, each the mean of a tenth of
  the turns.
* *Overflow*: prompts of which the engine itself had to forget something to fit them in.
* *Summary*: the longest note's cost in tokens (``llm.summary.cost``), and its budget.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psutil

from robot_voice.build import Thinker, open_mind
from robot_voice.clock import FastLoop
from robot_voice.condense import SETTLE_SECONDS, Condenser
from robot_voice.errors import EngineError
from robot_voice.llm.llama import LlamaLlm, merged
from robot_voice.llm.prompt import compose
from robot_voice.llm.summary import Window, cost, limits
from robot_voice.reply import reply
from robot_voice.types import Message, Stream, Transcript

from .common import defaults, machine, save
from .memory import read

SEED = 6
PATIENT = 0.7
"""Share of the pauses in which nobody speaks until the robot is done."""
TICK = 0.05
"""Seconds between two looks of the condenser."""
LONGEST_PAUSE = 60.0
STARTER_CONTEXT = 768
"""Tokens the starter was trained on, which is all that its context has."""


@dataclass
class Watched:
    """What came by."""

    prompts: int = 0
    longest: int = 0
    """Tokens of the longest prompt as the model was to see it."""
    forgotten: int = 0
    summaries: int = 0
    failures: int = 0
    interrupted: int = 0
    made: int = 0
    note: float = 0.0
    messages: int = 0
    memory: list[float] = field(default_factory=list)
    model: LlamaLlm | None = None

    def count(self, text: str) -> float:
        """Tokens of a text, as the model has it."""
        return cost(text) if self.model is None else len(self.model._native.tokenize(text))


@contextmanager
def watching(watched: Watched) -> Iterator[None]:
    """Count the prompts, and those that the engine cuts."""
    fitting = LlamaLlm._fitting

    def counted(self: LlamaLlm, messages: Sequence[Message]) -> list[int]:
        whole, fitted = self._tokens(merged(messages)), fitting(self, messages)
        watched.model = self
        watched.prompts += 1
        watched.longest = max(watched.longest, len(whole))
        watched.forgotten += whole != fitted
        return fitted

    LlamaLlm._fitting = counted  # type: ignore[method-assign]
    try:
        yield
    finally:
        LlamaLlm._fitting = fitting  # type: ignore[method-assign]


class Talk:
    """One endless conversation."""

    def __init__(self, thinker: Thinker, watched: Watched) -> None:
        config = defaults().config
        rules = compose([], "en", config.persona, config.tone)[0].text
        most, reply_tokens = config.conversation.max_messages, config.llm.max_tokens
        self.window = Window(limits(most, STARTER_CONTEXT, reply_tokens, rules, watched.count))
        self._thinker = thinker
        self._watched = watched
        self._condenser = Condenser(self.window, thinker.mind, self._sum_up)
        self._dice = random.Random(SEED)

    def _sum_up(self, messages: Sequence[Message], language: str) -> Stream[str]:
        self._watched.summaries += 1
        return self._thinker.mind.generate(messages, language)

    async def run(self, said: Sequence[Transcript]) -> None:
        process = psutil.Process()
        async with asyncio.TaskGroup() as tasks:
            for transcript in said:
                await self._turn(transcript)
                await self._pause(tasks, transcript)
                self._watched.memory.append(process.memory_info().rss / 2**20)

    async def _turn(self, transcript: Transcript) -> None:
        mind, window, watched = self._thinker.mind, self.window, self._watched
        new = [*window.messages(), Message("user", transcript.text)]
        shown = window.shown(new)
        window.put(new)
        self._thinker.act(transcript)
        heard = ""
        try:
            async for sentence in reply(mind, transcript, shown):
                heard += f"{sentence.text} "
        except EngineError as error:
            watched.failures += 1
            sys.stderr.write(f"{error}\n")
        if heard:
            window.put([*window.messages(), Message("assistant", heard.strip())])
        watched.messages = max(watched.messages, len(window.messages()))

    async def _pause(self, tasks: asyncio.TaskGroup, latest: Transcript) -> None:
        long = self._dice.random() < PATIENT
        due = self.window.due
        pause = LONGEST_PAUSE if long else SETTLE_SECONDS + self._dice.uniform(0.0, 0.5)
        while pause > 0 and self.window.due:
            self._condenser.consider(tasks, latest)
            await asyncio.sleep(TICK)
            pause -= TICK
        self._condenser.consider(tasks, None)
        if due and not self.window.due:
            note = self.window.shown([])[0].text
            self._watched.made += 1
            summary = note[note.index("“") + 1 : note.index("”")]
            self._watched.note = max(self._watched.note, cost(summary))
        self._watched.interrupted += due and self.window.due


def sentences(turns: int) -> list[Transcript]:
    facts, asks = read()
    every = [(language, text) for language, text in facts.values()]
    every += [(ask.language, ask.text) for ask in asks]
    every = [each for each in every if each[0] in ("en", "ko")]
    dice = random.Random(SEED)
    return [Transcript(text, language) for language, text in dice.choices(every, k=turns)]


async def talk(turns: int, watched: Watched) -> Window:
    async with open_mind(defaults("reports.enabled=false")) as thinker:
        conversation = Talk(thinker, watched)
        await conversation.run(sentences(turns))
        return conversation.window


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=1000)
    parser.add_argument("--save", action="store_true")
    options = parser.parse_args()
    watched = Watched()
    with watching(watched), asyncio.Runner(loop_factory=FastLoop) as runner:
        window = runner.run(talk(options.turns, watched))
    result = figures(watched, window, options.turns)
    if options.save:
        save("long_talk", {"machine": machine(defaults()), **result})
    sys.stdout.write(json.dumps(result, indent=2) + "\n")


def figures(watched: Watched, window: Window, turns: int) -> dict[str, Any]:
    tenth = max(1, turns // 10)
    early, late = watched.memory[tenth : 2 * tenth] or watched.memory, watched.memory[-tenth:]
    return {
        "turns": turns,
        "prompts": watched.prompts,
        "longest_prompt_tokens": watched.longest,
        "context_tokens": STARTER_CONTEXT,
        "overflowed": watched.forgotten,
        "failed": watched.failures,
        "summaries_begun": watched.summaries,
        "summaries_interrupted": watched.interrupted,
        "summary_tokens_max": round(watched.note, 1),
        "summary_budget": round(window.limits.summary, 1),
        "summaries_made": watched.made,
        "messages_max": watched.messages,
        "rss_start_mb": round(sum(early) / len(early), 1),
        "rss_end_mb": round(sum(late) / len(late), 1),
        "rss_max_mb": round(max(watched.memory[tenth:] or late), 1),
    }


if __name__ == "__main__":
    main()
