"""From the conversation to screened sentences: think, split, screen. Nothing else may be spoken."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace

from .errors import LlmError
from .stages import Mind
from .tts.sentences import SentenceSplitter
from .tts.speakable import speakable
from .types import Draft, Message, SafeText, Stream, Transcript

_STUCK = re.compile(r"([^\W\d].{0,11}?)\1{7,}")
"""The same thing eight times in a row: a small model that cannot get on."""


async def reply(
    mind: Mind,
    transcript: Transcript,
    messages: Sequence[Message],
    on_first_token: Callable[[], None] = lambda: None,
) -> AsyncGenerator[SafeText]:
    """The answer to ``messages``, sentence by sentence, each as it may be said.

    Words that have an answer of their own (``Mind.answer``) are not shown to the model. A sentence
    that had to be replaced or softened is the last one. Close the generator to stop thinking.
    Raises ``LlmError``, also when the model has nothing to say, and ``SafetyError``.
    """
    language = mind.reply_language(transcript)
    fixed = await mind.answer(transcript, language, _said(messages))
    if fixed is not None:
        on_first_token()
        yield fixed
        return
    said: list[str] = []
    drafts = _drafts(mind.generate(messages, language), language, on_first_token)
    async with aclosing(drafts):
        async for sentence in drafts:
            previous = said[-1] if said else ""
            draft = Draft(sentence, language, transcript.text, previous, transcript.language)
            safe = await mind.screen(draft)
            if safe.action == "soften" and mind.rewrite is not None:
                # What comes after it would be lost, or not fit what it becomes.
                rest = [sentence, *[one async for one in _first(drafts, MOST_REWRITTEN - 1)]]
                break
            yield safe
            if safe.ends_reply or (safe.action == "soften" and safe.text != sentence):
                return
            said.append(sentence)
        else:
            if not said:
                raise LlmError("the model had nothing to say")
            closing = mind.closing(language)
            if closing is not None:
                yield closing
            return
    # The model has stopped: it cannot write on while it writes anew.
    async for better in _kinder(mind, replace(draft, text=" ".join(rest)), safe):
        yield better


async def _kinder(mind: Mind, draft: Draft, instead: SafeText) -> AsyncGenerator[SafeText]:
    """``draft`` once more, with the same facts; ``instead`` where that is no better."""
    try:
        better = await _rewritten(mind, draft, instead)
    except LlmError:  # what there is to say instead needs no model
        better = []
    for safe in better or [instead]:
        yield safe


async def _rewritten(mind: Mind, draft: Draft, instead: SafeText) -> list[SafeText]:
    """The kinder sentences; none where the model has none. Raises as ``reply``."""
    better: list[SafeText] = []
    if mind.rewrite is not None:
        drafts = _drafts(mind.rewrite(draft), draft.language, lambda: None)
        async with aclosing(drafts):
            async for sentence in drafts:
                previous = better[-1].text if better else draft.previous
                again = replace(draft, text=sentence, previous=previous, again=instead.category)
                safe = await mind.screen(again)
                if safe.action != "soften":  # not even now
                    return []
                better.append(safe)
                if len(better) == MOST_REWRITTEN:
                    break
    return better


MOST_REWRITTEN = 3
"""Sentences that one sentence may become."""


async def _first(sentences: AsyncIterator[str], most: int) -> AsyncGenerator[str]:
    while most > 0 and (sentence := await anext(sentences, None)) is not None:
        most -= 1
        yield sentence


def _said(messages: Sequence[Message]) -> str:
    """What the robot said last."""
    return next((m.text for m in reversed(messages) if m.role == "assistant"), "")


async def _drafts(
    generated: Stream[str], language: str, on_first_token: Callable[[], None]
) -> AsyncGenerator[str]:
    """The model's sentences, unscreened: they leave this module only through the screen."""
    splitter = SentenceSplitter(language)
    begun = False
    async with generated as tokens:
        async for token in tokens:
            if not begun:
                begun = True
                on_first_token()
            for sentence in splitter.push(token):
                if _is_sayable(sentence, language):
                    yield sentence
        for sentence in splitter.flush():
            if _is_sayable(sentence, language):
                yield sentence


def _is_sayable(sentence: str, language: str) -> bool:
    """Not an emoji, a row of dashes, or the same thing over and over."""
    return bool(speakable(sentence, language)) and not _STUCK.search(sentence)
