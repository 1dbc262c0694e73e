"""An executor that only pretends, for demonstrations."""

from __future__ import annotations

import asyncio

from robot_voice.actions.execution import DryRunConfig
from robot_voice.types import Action


class DryRunExecutor:
    """Implements ``Executor``. Everything succeeds, after a while."""

    def __init__(self, config: DryRunConfig) -> None:
        self._config = config

    async def execute(self, action: Action) -> None:
        await asyncio.sleep(self._config.takes)

    async def halt(self) -> None:
        """There is nothing that moves."""

    async def close(self) -> None:
        """There is nothing to let go of."""
