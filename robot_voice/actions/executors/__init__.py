"""What carries actions out, as the declarations describe it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from robot_voice.actions.execution import (
    DryRunConfig,
    Executor,
    ExecutorConfig,
    HttpConfig,
    MqttConfig,
    ProcessConfig,
    PythonConfig,
)


def make_executors(
    configs: Mapping[str, ExecutorConfig], base: Path, *, dry_run: bool = False
) -> dict[str, Executor]:
    """An executor for every name. Nothing is started or contacted before the first action.

    ``base``: the folder that the files they name are relative to. ``dry_run``: all only pretend.
    Raises ``ConfigError`` for a missing extra or secret.
    """
    return {name: _make(DryRunConfig(kind="dry-run") if dry_run else config, base)
            for name, config in configs.items()}  # fmt: skip


def _make(config: ExecutorConfig, base: Path) -> Executor:
    match config:
        case PythonConfig():
            from .python import PythonExecutor

            return PythonExecutor(config)
        case ProcessConfig():
            from .process import ProcessExecutor

            return ProcessExecutor(config)
        case HttpConfig():
            from .http import HttpExecutor

            return HttpExecutor(config, base)
        case MqttConfig():
            from .mqtt import MqttExecutor

            return MqttExecutor(config, base)
        case DryRunConfig():
            from .dry_run import DryRunExecutor

            return DryRunExecutor(config)
