"""What the audio process is told at its start: plain fields, because that process must start
fast and the configuration's own classes (pydantic) would double the time it takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from robot_voice.config import AudioConfig, VadConfig


@dataclass(frozen=True, slots=True)
class Settings:
    """Fields of ``config.AudioConfig`` and ``config.VadConfig``, where they are explained."""

    input: str | int = "default"
    output: str | int = "default"
    block_ms: int = 10
    echo: str = "auto"
    realtime_priority: int = 10
    ahead_seconds: float = 4.0
    engine: str = "silero"
    aggressiveness: int = 3
    start_threshold: float = 0.7
    start_seconds: float = 0.09
    barge_in: bool = True
    """Whether a voice holds the loudspeaker before the robot has heard it."""
    muted: bool = False
    """Whether the microphone stays closed for the time being (``wire.Mute``)."""


def settings_of(config: AudioConfig, vad: VadConfig, barge_in: bool) -> Settings:
    """What the audio process needs of the configuration."""
    return Settings(
        input=config.input,
        output=config.output,
        block_ms=config.block_ms,
        echo=config.echo,
        realtime_priority=config.realtime_priority,
        ahead_seconds=config.ahead_seconds,
        engine=vad.engine,
        aggressiveness=vad.aggressiveness,
        start_threshold=vad.start_threshold,
        start_seconds=vad.start_seconds,
        barge_in=barge_in,
        muted=config.muted,
    )
