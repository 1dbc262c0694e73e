"""What the robot is told about itself, rendered by the product's own code for random settings."""

from __future__ import annotations

from dataclasses import dataclass

from robot_voice.config import PersonaConfig, ToneConfig
from robot_voice.llm.prompt import KOREAN_NAME, compose

from .grammar import Words
from .korean import LEVELS, Level

_DESCRIPTIONS = (
    "a helpful robot in a museum",
    "a cheerful robot for children",
    "a friendly robot at the reception",
    "a gentle robot that looks after old people",
    "a small robot who lives in a kitchen",
    "a robot teacher",
)


@dataclass(frozen=True, slots=True)
class Setting:
    """How the robot is to speak, and the system message that says so ("" for none)."""

    language: str
    system: str
    name: str
    level: Level
    detail: int
    formality: str


def draw_setting(words: Words, language: str, *, plain: bool = False) -> Setting:
    """Random settings; the product's defaults are the likeliest. ``plain``: no system message."""
    dice = words.dice
    kind = 0.0 if plain else dice.random()
    if kind < 0.08:  # no system message at all
        name = KOREAN_NAME if language == "ko" else "Nuri"
        return Setting(language, "", name, "해요체", 2, "polite")
    chosen = words.word("robot", language) if dice.random() < 0.5 else PersonaConfig().name
    described = dice.random() < 0.12
    persona = PersonaConfig(
        name=chosen,
        description=dice.choice(_DESCRIPTIONS) if described else PersonaConfig().description,
    )
    usual = dice.random() < 0.3
    tone = ToneConfig(
        warmth=0.8 if usual else dice.random(),
        formality="polite" if usual else dice.choice(["casual", "polite", "formal"]),
        korean_level=dice.choice(LEVELS),
        playfulness=0.3 if usual else dice.random(),
        detail=dice.choice([1, 2, 2, 2, 3, 4, 5]),
    )
    system = compose([], language, persona, tone)[0].text
    name = KOREAN_NAME if language == "ko" and persona.name == "Nuri" else persona.name
    return Setting(language, system, name, tone.korean_level, tone.detail, tone.formality)
