"""Which command was meant by words that are none: asked of the language model, on a thread."""

from __future__ import annotations

import logging
from pathlib import Path

from robot_voice.actions.commands import CommandTable, Found
from robot_voice.actions.scoring import Chooser
from robot_voice.errors import LlmError
from robot_voice.types import Transcript
from robot_voice.worker import Worker

_log = logging.getLogger(__name__)

CONTEXT_TOKENS = 512
"""Room for the question and six commands (``actions.scoring``), in any script."""
SECONDS = 10.0
"""Longest wait for the model."""


class Guesser:
    """Lives on the event loop. ``close`` it."""

    def __init__(self, table: CommandTable, path: Path, threads: int) -> None:
        """``path``: the language model's GGUF file, whose weights are shared with other contexts of
        it. Blocks while it loads. Raises ``ModelError``."""
        from robot_voice.llm.scorer import Scorer

        self._scorer = Scorer(path, threads, CONTEXT_TOKENS)
        self._chooser = Chooser(table, self._scorer.likelihoods)
        self._worker = Worker("guess", LlmError, SECONDS)

    async def find(self, words: Transcript) -> Found | None:
        """The command, where the model is sure of one."""
        try:
            return await self._worker.call(lambda: self._chooser(words))
        except LlmError as error:
            _log.warning("nobody can tell whether that was a command: %s", error)
            return None

    def close(self) -> None:
        """Free the memory, when the present question is answered."""
        self._worker.close(self._scorer.close)
