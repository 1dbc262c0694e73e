"""The process in which a Python function does actions: a line of JSON in, an empty line out.

    python -m robot_voice.actions.executors.python_child MODULE:FUNCTION [once]

What the function raises is not caught: the traceback goes to standard error, and the process ends.
What it prints goes there too, for standard output is for the answers. ``once``: the function is
called at once, without arguments.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import pkgutil
import signal
import sys
from collections.abc import Callable


def main() -> None:
    """Serve until the other end closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the robot, which then ends this
    answers = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    sys.path.insert(0, os.getcwd())
    function = pkgutil.resolve_name(sys.argv[1])
    if sys.argv[2:] == ["once"]:
        _call(function)
        return
    for line in sys.stdin:
        request = json.loads(line)
        _call(function, request["action"], request["arguments"])
        os.write(answers, b"\n")


def _call(function: Callable[..., object], *arguments: object) -> None:
    result = function(*arguments)
    if inspect.iscoroutine(result):
        asyncio.run(result)


if __name__ == "__main__":
    main()
