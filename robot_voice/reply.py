"""From the conversation to screened sentences: think, split, screen. Nothing else may be spoken."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

from .errors import LlmError
from .stages import Mind
from .tts.sentences import SentenceSplitter
from .tts.speakable import speakable
from .types import Draft, Message, SafeText, Transcript

_STUCK = re.compile(r"([^\W\d].{0,11}?)\1{7,}")
"""The same thing eight times in a row: a small model that cannot get on."""


async def reply(
    mind: Mind,
    transcript: Transcript,
    messages: Sequence[Message],
    on_first_token: Callable[[], None] = lambda: None,
) -> AsyncGenerator[SafeText]:
    """The answer to ``messages``, sentence by sentence, each as it may be said.

    A sentence that had to be replaced is the last one. Close the generator to stop thinking.
    Raises ``LlmError``, also when the model has nothing to say, and ``SafetyError``.
    """
    language = mind.reply_language(transcript)
    previous = ""
    drafts = _drafts(mind, language, messages, on_first_token)
    async with aclosing(drafts):
        async for sentence in drafts:
            if not speakable(sentence, language):  # an emoji, a row of dashes
                continue
            if _STUCK.search(sentence):
                continue
            safe = await mind.screen(Draft(sentence, language, transcript.text, previous))
            yield safe
            if safe.ends_reply:
                return
            previous = sentence
    if not previous:
        raise LlmError("the model had nothing to say")


async def _drafts(
    mind: Mind, language: str, messages: Sequence[Message], on_first_token: Callable[[], None]
) -> AsyncGenerator[str]:
    """The model's sentences, unscreened: they leave this module only through the screen."""
    splitter = SentenceSplitter(language)
    begun = False
    async with mind.generate(messages, language) as tokens:
        async for token in tokens:
            if not begun:
                begun = True
                on_first_token()
            for sentence in splitter.push(token):
                yield sentence
        for sentence in splitter.flush():
            yield sentence
