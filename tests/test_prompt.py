"""The system message: what is in it, and that it stays put."""

from __future__ import annotations

import pytest

from robot_voice.config import PersonaConfig, ToneConfig
from robot_voice.llm.prompt import LANGUAGES, compose, interpret
from robot_voice.types import Message

PERSONA = PersonaConfig()
TONE = ToneConfig()


def system(
    language: str,
    persona: PersonaConfig = PERSONA,
    tone: ToneConfig = TONE,
) -> str:
    first, *_ = compose([Message("user", "hi")], language, persona, tone)
    assert first.role == "system"
    return first.text


@pytest.mark.parametrize("language", ["en", "ko", "ja"])
def test_the_head_is_the_same_whatever_was_said(language: str) -> None:
    one = [Message("user", "Hello")]
    two = [*one, Message("assistant", "Hi!"), Message("user", "How are you?")]
    first = compose(one, language, PERSONA, TONE)
    second = compose(two, language, PERSONA, TONE)
    assert second[: len(first)] == first
    assert second[1:] == two


def test_a_persona_of_ones_own() -> None:
    persona = PersonaConfig(name="Ada", description="the guide of a small museum.")
    assert system("en", persona).startswith("You are Ada, the guide of a small museum. ")
    assert "Ada" in system("ko", persona) and "the guide of a small museum" in system("ko", persona)
    assert "누리" not in system("ko", persona)


def test_korean_is_instructed_in_korean_under_its_korean_name() -> None:
    text = system("ko")
    assert "누리" in text and "Nuri" not in text
    assert not any("a" <= letter <= "z" for letter in text.lower())


def test_other_languages_are_named() -> None:
    assert system("ja").endswith("Answer in Japanese.")
    assert system("en").endswith("Answer in English.")
    assert "'tl'" in system("tl")
    assert all(len(code) == 2 and name.isalpha() for code, name in LANGUAGES.items())


@pytest.mark.parametrize("level", ["반말", "해요체", "합쇼체"])
def test_korean_speech_levels(level: str) -> None:
    tone = ToneConfig.model_validate({"korean_level": level})
    assert level in system("ko", tone=tone)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_knob_changes_the_instructions(language: str) -> None:
    texts = [system(language, tone=ToneConfig(detail=detail)) for detail in range(1, 6)]
    texts += [system(language, tone=ToneConfig(warmth=warmth)) for warmth in (0.0, 0.5)]
    texts += [system(language, tone=ToneConfig(playfulness=play)) for play in (0.5, 1.0)]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("robot", "never claim to be human", "Markdown", "do not know", "kind")),
        ("ko", ("로봇", "사람이라고 하지 마세요", "마크다운", "모르는", "공감")),
    ],
)
def test_honesty_and_kindness_are_always_asked_for(language: str, words: tuple[str, ...]) -> None:
    for tone in (ToneConfig(), ToneConfig(warmth=0, playfulness=1, detail=5)):
        assert all(word in system(language, tone=tone) for word in words)


def test_an_interpreter_is_told_both_languages_and_the_speech_level() -> None:
    system, user = interpret("안녕", "ko", "en", ToneConfig())
    assert "from Korean into English" in system.text
    assert (user.role, user.text) == ("user", "안녕")
    formal, _ = interpret("Hello", "en", "ko", ToneConfig(korean_level="합쇼체"))
    casual, _ = interpret("Hello", "en", "ko", ToneConfig(korean_level="반말"))
    assert "합쇼체" in formal.text
    assert "반말" in casual.text
    assert "xx" in interpret("?", "xx", "en", ToneConfig())[0].text
