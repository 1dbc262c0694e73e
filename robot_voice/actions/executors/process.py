"""Actions done by programs. No shell is involved: an argument is an argument, whatever is in it."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Sequence
from contextlib import suppress

from robot_voice.actions.execution import ActionError, ProcessConfig
from robot_voice.types import Action

GRACE_SECONDS = 0.5
"""What a program has to end by itself when it is told to, before it is killed."""

_NAME = re.compile(r"\{(\w+)\}")


class ProcessExecutor:
    """Implements ``Executor``: runs one program for each action, and waits for its end."""

    def __init__(self, config: ProcessConfig) -> None:
        self._config = config

    async def execute(self, action: Action) -> None:
        """Cancelled: the program gets SIGTERM, and after a moment SIGKILL, with its children."""
        await run_program(filled(self._config.argv, action))

    async def halt(self) -> None:
        if self._config.halt:
            await run_program(self._config.halt)

    async def close(self) -> None:
        """Every program has ended with its action."""


def filled(argv: Sequence[str], action: Action) -> list[str]:
    """``argv`` with the action's name and arguments in the places for them."""
    whole = {"action": action.name, "arguments": dict(action.arguments)}
    values = {"action": action.name, "json": json.dumps(whole, ensure_ascii=False)}
    known = {**action.arguments, **values}
    return [_NAME.sub(lambda match: known.get(match[1], ""), word) for word in argv]


async def run_program(argv: Sequence[str]) -> None:
    """Run a program in a process group of its own. Raises ``ActionError``."""
    process = await start(argv)
    try:
        status = await process.wait()
    finally:
        await end(process)
    if status:
        raise ActionError(f"{os.path.basename(argv[0])} ended with status {status}")


async def start(argv: Sequence[str], pipe: int = DEVNULL) -> Process:
    """Start a program; ``pipe`` is for its input and output. Raises ``ActionError``."""
    try:
        return await asyncio.create_subprocess_exec(
            *argv, stdin=pipe, stdout=pipe, start_new_session=True
        )
    except (OSError, ValueError) as error:  # ValueError: a null character
        why = error.strerror if isinstance(error, OSError) else "an argument is no text"
        raise ActionError(f"{os.path.basename(argv[0])} cannot be started: {why}") from None


async def end(process: Process) -> None:
    """End the process and its children, if there are any left."""
    try:
        if process.returncode is None:
            _signal(process, signal.SIGTERM)
            with suppress(TimeoutError):
                async with asyncio.timeout(GRACE_SECONDS):
                    await process.wait()
    finally:
        _signal(process, signal.SIGKILL)
    await process.wait()


def _signal(process: Process, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):  # PermissionError: macOS, for the dead
        os.killpg(process.pid, number)
