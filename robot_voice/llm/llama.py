"""A chat model by llama.cpp: one conversation's messages in, a reply in pieces out.

What makes it fast is what it does not do again: the KV cache keeps the longest common beginning
of the last prompt and this one, so a turn costs its new words only. Hence the head of the prompt
must never change (see ``prompt``), and when the conversation outgrows the context window, its
oldest messages go two exchanges at a time, so that the head stays put for a turn or two.

A conversation that ends with the assistant's words is a reply that has begun: the model goes on
with it, for no mark of the chat format stands behind it.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from jinja2 import TemplateError
from llama_cpp.llama_chat_format import Jinja2ChatFormatter
from numpy.typing import NDArray

from robot_voice.engines import Cancelled
from robot_voice.errors import LlmError, ModelError
from robot_voice.llm_config import LlmConfig
from robot_voice.types import Message

from .gguf import K_QUANTS, file_type
from .native import LlamaContext, adapt, kept, shared
from .readable import STOPS, readable
from .state import StateFolder, maker

__all__ = ["LLAMA_2", "STOPS", "LlamaLlm", "merged", "readable"]

_log = logging.getLogger(__name__)

POLL = 0.01
"""Seconds between two looks at ``cancelled`` during native calls; every look takes a core from them
for a moment, which all threads wait for (0.005 cost a 1.1B model 2 % of its speed). The rest of the
50 ms that an engine has belongs to the node of the graph that is under way."""
DROPPED = 4
"""Messages forgotten at a time when the conversation does not fit: two exchanges."""
LLAMA_2 = (
    "{% if messages[0]['role'] == 'system' %}{% set rest = messages[1:] %}"
    "{% set system = '<<SYS>>\\n' + messages[0]['content'] + '\\n<</SYS>>\\n\\n' %}"
    "{% else %}{% set rest = messages %}{% set system = '' %}{% endif %}"
    "{% for message in rest %}{% if message['role'] == 'user' %}"
    "{{ bos_token + '[INST] ' + (system if loop.first else '') + message['content'] + ' [/INST]' }}"
    "{% else %}{{ ' ' + message['content'] + ' ' + eos_token }}{% endif %}{% endfor %}"
)
"""The chat format of Llama 2, for a model that names none."""
_END = "\ue000"
"""Stands behind a reply that has begun while the template is rendered: a character for private use,
which no text has, and no template. By its own words the end would not be found: a short reply may
be a part of the format's marks."""
_MARKS = re.compile(r"<\|[^<>|]{1,40}\|>|</?s>|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>")
"""What a message must not hold: with these a user could speak as the system."""


class LlamaLlm:
    """Implements ``engines.Llm``."""

    def __init__(
        self, path: Path, config: LlmConfig, threads: int, state: Path | None = None
    ) -> None:
        """Load the GGUF file at ``path`` and the adapters in ``config``, of which none is at work
        yet. Raises ``ModelError`` when one of them cannot be used.

        ``state``: the folder in which ``warm`` keeps what it read; None: it keeps nothing.
        """
        kind = file_type(path)
        repack = kind not in K_QUANTS if config.repack is None else config.repack
        self._native = LlamaContext(path, config, threads, repack, config.adapters)
        made = partial(maker, path, config, self._native.size, repack)
        self._folders: dict[str, StateFolder] = {}
        if state:
            own = ("", *config.adapters)
            self._folders = {name: StateFolder(state, made(name)) for name in own}
        self._adapter = ""
        self._folder = self._folders.get("")
        self._warmed: list[str] = []
        self._heads: dict[tuple[int, ...], NDArray[np.uint8]] = {}
        self._stops = (*STOPS, *config.stop)
        self._max_tokens = min(config.max_tokens, self._native.size // 2)
        template, bos, eos = self._native.template()
        if not template:
            _log.warning("%s has no chat template: using that of Llama 2", path.name)
        try:
            self._template = Jinja2ChatFormatter(template or LLAMA_2, eos, bos)
        except TemplateError as error:
            self._native.close()
            raise ModelError(f"the chat template of {path} is broken: {error}") from error

    @property
    def size(self) -> int:
        """Tokens of the context window."""
        return self._native.size

    def count(self, text: str) -> int:
        """Tokens of ``text`` by itself, without those of the chat format around it.

        From any thread, also while another has the model at work: it reads the vocabulary, which
        never changes, and nothing else. Not after ``close``: an ``LlmError``.
        """
        return len(self._native.tokenize(text, begin=False))

    def constrain(self, grammar: str) -> None:
        """What an action in a reply must look like, between its marks (``actions.grammar``), in
        GBNF; empty: nothing is asked of it. Raises ``ModelError`` for a wrong one."""
        self._native.sampler.constrain(grammar)

    def adapt(self, name: str) -> None:
        """Answer with this one of ``llm.adapters`` from now on; "": as the model is by itself.

        The model stays in memory. What it has read is of no use to another adapter and is
        forgotten; instructions that it was warmed with are read again, from disk if they were
        before. Raises ``ConfigError`` for a name that is not listed, or ``LlmError``.
        """
        if name == self._adapter:
            return
        adapt(self._native, name)
        self._adapter = name
        self._folder = self._folders.get(name)
        self._heads.clear()
        for instructions in self._warmed:
            self.warm(instructions)

    def warm(self, instructions: str) -> None:
        """Read the system prompt with which conversations begin: from disk if it was read before,
        and if not, then it is there for the next start.

        ``instructions`` must hold nothing that anybody said. Prompts that begin with them bring
        them back however often something else was read in between. Raises ``LlmError``.
        """
        if instructions not in self._warmed:
            self._warmed.append(instructions)
        one, other = (self._opening(instructions, text) for text in ("a", "1"))
        head = one[: shared(one, other)]
        state = self._folder.load(head) if self._folder else None
        if state is None or not self._native.restore(head, state):
            self._native.interrupt(False)
            self._native.prefill(head)
            if self._folder:
                self._folder.save(head, self._native.snapshot())
                state = self._folder.load(head)
        if state is not None:
            self._heads[tuple(head)] = state

    def generate(self, messages: Sequence[Message], cancelled: Cancelled) -> Iterator[str]:
        """The reply to ``messages``, which end with the user's, in pieces of whole characters; or,
        where they end with the assistant's, what comes behind that.

        Once ``cancelled`` is true it ends, without an error, within 50 ms; ``cancelled`` is
        asked from another thread as well. The first piece has no space before it. Raises
        ``LlmError``, also when the system message alone leaves no room.
        """
        prompt = self._fitting(messages)
        with self._watching(cancelled):
            yield from readable(self._pieces(prompt, cancelled), self._stops)

    def prefill(self, messages: Sequence[Message], cancelled: Cancelled) -> None:
        """Read ``messages`` into the KV cache, of which the next call uses what it shares.

        Once ``cancelled`` is true it ends within 50 ms. Raises ``LlmError``.
        """
        prompt = self._fitting(messages)
        with self._watching(cancelled):
            if not cancelled():
                self._read(prompt)

    def close(self) -> None:
        """Free the model; a reply asked for later is an ``LlmError``."""
        self._native.close()

    def _pieces(self, prompt: Sequence[int], cancelled: Cancelled) -> Iterator[bytes]:
        if cancelled() or not self._read(prompt):
            return
        for _ in range(self._max_tokens):
            token = self._native.sample()
            if token is None:
                return
            piece = self._native.piece(token)
            self._native.sampler.wrote(piece)
            yield piece
            if cancelled() or not self._native.evaluate([token]):
                return

    def _read(self, prompt: Sequence[int]) -> bool:
        """Make the cache hold the prompt. False: aborted."""
        for head, state in self._heads.items():
            if shared(head, prompt) == len(head) > kept(self._native, prompt):
                self._native.restore(head, state)
        return self._native.prefill(prompt)

    @contextmanager
    def _watching(self, cancelled: Cancelled) -> Iterator[None]:
        """Abort native calls as soon as ``cancelled``, by a thread that looks every ``POLL``."""
        done = threading.Event()

        def watch() -> None:
            while not done.wait(POLL):
                if cancelled():
                    self._native.interrupt(True)
                    return

        self._native.interrupt(False)
        watcher = threading.Thread(target=watch, name="llm-watch", daemon=True)
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()

    def _fitting(self, messages: Sequence[Message]) -> list[int]:
        """The prompt's tokens, with room left for the reply.

        Forgets the oldest messages first, then the beginning of the user's latest.
        """
        room = self._native.size - self._max_tokens
        turns = merged(messages)
        head = [message for message in turns[:1] if message.role == "system"]
        rest = turns[len(head) :]
        least = 2 if rest and rest[-1].role == "assistant" else 1  # what the reply begun replies to
        while len(tokens := self._tokens(head + rest)) > room:
            if len(rest) > least:
                del rest[: min(DROPPED, len(rest) - least)]
            elif rest and len(text := rest[0].text) > 8:
                rest[0] = replace(rest[0], text=text[len(text) // 4 :])
            else:
                raise LlmError(
                    f"the instructions alone fill the model's {self._native.size} tokens: raise"
                    " llm.context_tokens, or shorten persona.description or llm.max_tokens"
                )
        return tokens

    def _opening(self, instructions: str, text: str) -> list[int]:
        return self._fitting([Message("system", instructions), Message("user", text)])

    def _tokens(self, messages: Sequence[Message]) -> list[int]:
        try:
            return self._native.tokenize(self._prompt(messages))
        except (TemplateError, ValueError):  # such templates know no system role, as Gemma's
            pass
        try:
            return self._native.tokenize(self._prompt(merged(messages, system="user")))
        except (TemplateError, ValueError) as error:
            raise LlmError(f"the model's chat template failed: {error}") from error

    def _prompt(self, messages: Sequence[Message]) -> str:
        """The messages in the model's format, and the beginning of a reply, or all there is of it.

        Raises ``TemplateError`` or ``ValueError``.
        """
        begun = messages[-1].text.strip() if messages and messages[-1].role == "assistant" else ""
        if not begun:
            return self._render(messages)
        rendered = self._render([*messages[:-1], Message("assistant", begun + _END)])
        prompt, end, _ = rendered.rpartition(_END)
        if not end:
            raise ValueError("the template leaves out what the assistant has said")
        return prompt

    def _render(self, messages: Sequence[Message]) -> str:
        fields = [{"role": message.role, "content": message.text} for message in messages]
        return self._template(messages=fields).prompt  # type: ignore[arg-type]


def merged(messages: Sequence[Message], system: str = "system") -> list[Message]:
    """The messages as templates want them: roles alternate, no control tokens in a text.

    A turn that was interrupted before its first word leaves two messages of the user in a row;
    they become one. ``system``: the role that system messages are given.
    """
    result: list[Message] = []
    for message in messages:
        role = "user" if message.role == "system" and system == "user" else message.role
        text = _MARKS.sub(" ", message.text)
        if result and result[-1].role == role:
            result[-1] = replace(result[-1], text=f"{result[-1].text}\n{text}")
        else:
            result.append(Message(role, text))
    return result
