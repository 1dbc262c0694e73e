"""Actions done by a Python function, in a process of its own.

The process is started with the first action and stays, so that what takes long to import or to
connect does so once. A function that raises ends it, and so does "stop": a process can be killed, a
thread cannot. The next action starts another.
"""

from __future__ import annotations

import json
import sys
from asyncio.subprocess import PIPE, Process

from robot_voice.actions.execution import ActionError, PythonConfig
from robot_voice.types import Action

from .process import end, run_program, start

_CHILD = (sys.executable, "-m", "robot_voice.actions.executors.python_child")


class PythonExecutor:
    """Implements ``Executor``."""

    def __init__(self, config: PythonConfig) -> None:
        self._config = config
        self._process: Process | None = None

    async def execute(self, action: Action) -> None:
        """Cancelled: the process ends, and whatever the function was doing."""
        if self._process is None or self._process.returncode is not None:
            self._process = await start([*_CHILD, self._config.call], PIPE)
        process = self._process
        done = False
        try:
            done = await _ask(process, action)
        finally:
            if not done:
                await end(process)
        if not done:
            raise ActionError(f"{self._config.call} failed; standard error has its traceback")

    async def halt(self) -> None:
        if self._config.halt:
            await run_program([*_CHILD, self._config.halt, "once"])

    async def close(self) -> None:
        if self._process is not None:
            await end(self._process)


async def _ask(process: Process, action: Action) -> bool:
    """Whether the function returned."""
    assert process.stdin is not None and process.stdout is not None
    request = {"action": action.name, "arguments": dict(action.arguments)}
    try:
        process.stdin.write(json.dumps(request).encode() + b"\n")
        await process.stdin.drain()
        return await process.stdout.read(1) == b"\n"
    except (BrokenPipeError, ConnectionResetError):
        return False
