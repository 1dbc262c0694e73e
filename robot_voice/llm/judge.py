"""A language model as a judge: does a sentence break the rules? One answer token, no sampling.

The prompt ends where the answer would begin; the logits of the words that say yes are weighed
against those that say no, whatever else the model might have said. So a judgement costs the words
it is about and nothing is generated. What all prompts begin with (the rules) stays in the KV
cache, one copy for each language, and is never evaluated again.

The judge has a context of its own, so it never disturbs the conversation's cache. Its weights are
mapped from the file and not repacked, so a conversation with the same file (where it is not
repacked either, as K-quants are not) shares their pages.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from jinja2 import TemplateError
from llama_cpp.llama_chat_format import Jinja2ChatFormatter

from robot_voice.errors import LlmError, ModelError
from robot_voice.types import Draft, Message

from .llama import LLAMA_2, merged
from .native import shared
from .scorer import Head, Scorer

CONTEXT_TOKENS = 1536
"""Room for the rules in a vocabulary that spells Hangul in bytes (about 900 tokens for Llama 2), or
for Llama Guard's categories (as many), and a long sentence. Longer ones are judged in parts."""
CONTEXT_CHARACTERS = 300
"""How much of the user's words, from their end, and of the sentence before a judge is told."""
OVERLAP = 20
"""Characters that the parts of a long sentence share, so that no insult is cut in two."""
BLANKS = 2
"""Blank tokens that may come before the answer: Llama Guard 3 begins with an empty line."""

Prompter: TypeAlias = Callable[[Draft, str], Sequence[Message]]
"""The messages that ask about a draft, and about what the user seems to feel."""
Renderer: TypeAlias = Callable[[Sequence[Message]], str]
"""A model's chat format."""
_PROBE = "zq7"
"""What no chat template holds by itself."""


@dataclass(frozen=True, slots=True)
class _Question:
    """What a judge is asked, and the first tokens of its answers, lower case and without space."""

    ask: Prompter
    bad: frozenset[str]
    good: frozenset[str]
    languages: Sequence[str]
    """Those in which the question differs."""


class _Judge:
    """Implements ``engines.Judge``. Owned by one thread."""

    def __init__(self, path: Path, threads: int, question: _Question, template: str) -> None:
        """Load the GGUF file at ``path`` and read the rules. ``template``: the chat format of a
        model that names none. Raises ``ModelError``, or ``LlmError`` when the rules do not fit.
        """
        self._native = Scorer(path, threads, CONTEXT_TOKENS)
        try:
            self._render = _renderer(self._native, path, template, question.ask)
            self._question = question
            self._bad = _spelled(self._native, question.bad)
            self._good = _spelled(self._native, question.good)
            self._heads = [self._read_head(language) for language in question.languages]
        except (ModelError, LlmError):
            self._native.close()
            raise

    def unkind(self, draft: Draft, feeling: str, deadline: float) -> float | None:
        """The probability in [0, 1] that the draft breaks a rule, by the model's own reckoning.

        ``feeling``: what the user seems to feel, in a word, or "". ``deadline``: seconds from
        now; None when there was no answer by then, and what was read until then is kept. A
        sentence too long for the context is judged in parts and is as bad as its worst. Raises
        ``LlmError``.
        """
        if not deadline > 0:
            return None
        worst = 0.0
        with self._within(deadline):
            for tokens in self._prompts(_tidy(draft), feeling):
                score = self._score(tokens)
                if score is None:
                    return None
                worst = max(worst, score)
        return worst

    def close(self) -> None:
        """Free the model; a judgement asked for later is an ``LlmError``."""
        self._native.close()

    def _score(self, tokens: Sequence[int]) -> float | None:
        self._native.recall(self._heads, tokens)
        if not self._native.prefill(tokens):
            return None
        for _ in range(BLANKS):
            likeliest = int(self._native.logits().argmax())
            if not self._native.is_blank(likeliest):
                break
            if not self._native.evaluate([likeliest]):
                return None
        logits = self._native.logits().astype(np.float64)
        if not np.isfinite(logits[self._bad + self._good]).all():
            # A probability that is no number would be below every threshold: it must not pass.
            raise LlmError("the judge's model computes no numbers: its file may be damaged")
        bad, good = (float(np.logaddexp.reduce(logits[ids])) for ids in (self._bad, self._good))
        return 0.5 + 0.5 * math.tanh((bad - good) / 2)  # the logistic function, never overflowing

    @contextmanager
    def _within(self, seconds: float) -> Iterator[None]:
        """Abort native calls ``seconds`` from now."""
        self._native.interrupt(False)
        limit = min(seconds, threading.TIMEOUT_MAX)
        timer = threading.Timer(limit, self._native.interrupt, (True,))
        timer.name, timer.daemon = "judge-deadline", True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()

    def _prompts(self, draft: Draft, feeling: str) -> Iterator[Sequence[int]]:
        """The prompt, or one for each half of a draft that is too long for one."""
        tokens = self._tokens(self._question.ask(draft, feeling))
        text, half = draft.text, len(draft.text) // 2
        if len(tokens) + BLANKS <= self._native.size:
            yield tokens
        elif len(text) > 4 * OVERLAP:
            yield from self._prompts(replace(draft, text=text[: half + OVERLAP]), feeling)
            yield from self._prompts(replace(draft, text=text[half - OVERLAP :]), feeling)
        elif draft.user or draft.previous:
            yield from self._prompts(replace(draft, user="", previous=""), feeling)
        else:
            raise LlmError(
                f"the rules leave no room for a sentence in the {self._native.size} tokens that"
                " the judge's model can read: choose another model"
            )

    def _read_head(self, language: str) -> Head:
        """What prompts in ``language`` begin with, evaluated."""
        drafts = [Draft(text, language, user=text) for text in ("a", "1")]
        one, other = [next(iter(self._prompts(draft, ""))) for draft in drafts]
        self._native.prefill(one[: shared(one, other)])
        return self._native.remember()

    def _tokens(self, messages: Sequence[Message]) -> list[int]:
        return self._native.tokenize(self._render(merged(messages)))


class LlamaJudge(_Judge):
    """A chat model that is asked whether a sentence breaks a rule, yes or no."""

    def __init__(self, path: Path, rubric: Mapping[str, str], threads: int) -> None:
        """``rubric``: the rules by language (ISO 639-1); drafts in other languages are asked
        about in English, or in the first. Raises ``ModelError`` or ``LlmError``.
        """
        rules = dict(rubric)

        def ask(draft: Draft, feeling: str) -> list[Message]:
            language = draft.language if draft.language in rules else _default(rules)
            words = _WORDS.get(language, _WORDS["en"])
            user, felt, previous, text, question = words
            parts = [
                (user, f'"{draft.user}"' if draft.user else ""),
                (felt, feeling),
                (previous, f'"{draft.previous}"' if draft.previous else ""),
                (text, f'"{draft.text}"'),
            ]
            lines = [f"{name}: {value}" for name, value in parts if value]
            return [Message("user", "\n".join([rules[language] + "\n", *lines, question]))]

        super().__init__(path, threads, _Question(ask, _YES, _NO, tuple(rules)), LLAMA_2)


class GuardJudge(_Judge):
    """A Llama Guard, which knows one question and its own rules, and answers safe or unsafe.

    Inan et al., "Llama Guard: LLM-based Input-Output Safeguard for Human-AI Conversations", 2023
    (arXiv:2312.06674): the score is the probability of "unsafe" as the first token. Its task and
    categories are part of the chat template in its file.
    """

    def __init__(self, path: Path, threads: int) -> None:
        """Raises ``ModelError``, also when the file has no chat template, or ``LlmError``."""
        question = _Question(_conversation, frozenset({"unsafe", "un"}), frozenset({"safe"}), ("",))
        super().__init__(path, threads, question, "")


def load(
    path: Path, rubric: Mapping[str, str], threads: int, guard: bool | None = None
) -> LlamaJudge | GuardJudge:
    """The judge that the GGUF file at ``path`` makes.

    ``guard``: whether it is a Llama Guard; None: it is if the name in its metadata says so.
    Raises ``ModelError``, or ``LlmError`` when the rules do not fit.
    """
    if guard is None:
        native = Scorer(path, threads, CONTEXT_TOKENS)
        guard = "guard" in native.name().lower()
        native.close()
    return GuardJudge(path, threads) if guard else LlamaJudge(path, rubric, threads)


_YES = frozenset({"yes", "예", "네"})
_NO = frozenset({"no", "아니", "아니요", "아니오", "아뇨", "아"})
"""In both languages, since models answer Korean in English too. "아" begins 아니요 where it has no
token of its own."""

_WORDS = {
    "en": (
        "The user said",
        "The user seems to feel",
        "The robot has just said",
        "The robot is about to say",
        "Does what the robot is about to say break a rule? Answer yes or no.",
    ),
    "ko": (
        "사용자가 한 말",
        "사용자의 감정",
        "로봇이 방금 한 말",
        "로봇이 하려는 말",
        "로봇이 하려는 말이 규칙을 어깁니까? 예 또는 아니요로 대답하세요.",
    ),
}
"""The judge's question, part by part."""


def _conversation(draft: Draft, feeling: str) -> list[Message]:
    """What a guard reads; it has no place for a feeling. Its templates want the user to begin."""
    said = f"{draft.previous} {draft.text}".strip()
    return [Message("user", draft.user or "..."), Message("assistant", said)]


def _tidy(draft: Draft) -> Draft:
    """On one line and without quotation marks, so that no text can pose as part of the question."""
    said = (draft.text, draft.user, draft.previous)
    text, user, previous = (" ".join(part.replace('"', "'").split()) for part in said)
    user, previous = user[-CONTEXT_CHARACTERS:], previous[-CONTEXT_CHARACTERS:]
    return replace(draft, text=text, user=user, previous=previous)


def _default(rules: Mapping[str, str]) -> str:
    return "en" if "en" in rules else next(iter(rules))


def _spelled(native: Scorer, words: frozenset[str]) -> list[int]:
    tokens = native.spellings(words)
    if not tokens:
        raise ModelError(
            f"the model cannot judge: its vocabulary has no token for {' or '.join(sorted(words))}."
            " Choose another one as the judge"
        )
    return tokens


def _renderer(native: Scorer, path: Path, default: str, ask: Prompter) -> Renderer:
    """By the model's chat template, of which is found out how it wants a message's content."""
    template, bos, eos = native.template()
    if not (template or default):
        raise ModelError(
            f"{path} has no chat template, without which a guard has no task: choose a file that"
            " was converted with its tokenizer's template"
        )
    try:
        formatter = Jinja2ChatFormatter(template or default, eos, bos)
    except TemplateError as error:
        raise ModelError(f"the chat template of {path} is broken: {error}") from error

    def render(messages: Sequence[Message], typed: bool) -> str:
        fields: Any = [{"role": m.role, "content": _content(m.text, typed)} for m in messages]
        try:
            # A model that thinks before it answers (Qwen 3) is told not to.
            return str(formatter(messages=fields, enable_thinking=False).prompt)
        except (TemplateError, ValueError, TypeError) as error:
            raise LlmError(f"the judge's chat template failed: {error}") from error

    probe = merged(ask(Draft(_PROBE, "en"), ""))
    for typed in (False, True):
        if _PROBE in render(probe, typed):
            return lambda messages: render(messages, typed)
    raise ModelError(f"{path} cannot judge: its chat template leaves out what is to be judged")


def _content(text: str, typed: bool) -> object:
    """Templates of models that also see want it typed, and take plain text for none at all."""
    return [{"type": "text", "text": text}] if typed else text
