"""The system message: what is in it, and that it stays put."""

from __future__ import annotations

from typing import Any

import pytest

from robot_voice.config import PersonaConfig, ToneConfig
from robot_voice.llm.prompt import LANGUAGES, Aside, compose, interpret
from robot_voice.safety.guidelines import rubric
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


# The very words the starter model was trained on, for the default settings.
TRAINED_ON = {
    "en": (
        "You are Nuri, a caring humanoid robot. Your words are spoken aloud: use short plain"
        " sentences, without lists, Markdown, emoji or stage directions. You are a robot with"
        " artificial intelligence; if asked, say so, and never claim to be human. Be kind and"
        " respectful to everyone; when someone is sad or hurt, show that you understand before"
        " anything else. If you do not know something, say that you do not know. Be warm and"
        " caring. Speak politely. Stay serious. Answer in one or two short sentences. Answer in"
        " English."
    ),
    "ko": (
        "당신은 휴머노이드 로봇 누리입니다. 당신의 말은 소리로 전달됩니다. 목록, 마크다운,"
        " 이모지, 행동 묘사 없이 짧고 쉬운 문장으로 말하세요. 당신은 인공지능 로봇입니다. 누가"
        " 물으면 그렇다고 말하고, 사람이라고 하지 마세요. 누구에게나 친절하고 예의 바르게"
        " 말하세요. 상대가 슬프거나 아프면 먼저 그 마음에 공감하세요. 모르는 것은 모른다고"
        " 말하세요. 따뜻하고 다정하게 말하세요. 모든 문장을 해요체로 말하세요. 진지하게"
        " 말하세요. 짧은 한두 문장으로 대답하세요. 한국어로 대답하세요."
    ),
}
FEELINGS = ("joy", "affection", "sadness", "anger", "fear", "surprise", "pain", "crisis", "abuse")
TALK = [Message("user", "Hello"), Message("assistant", "Hi!"), Message("user", "I failed.")]


def guided(language: str, feeling: str | None = None, **tone: Any) -> list[Message]:
    return compose(TALK, language, PERSONA, ToneConfig(**tone), "", Aside(feeling))


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_starter_model_gets_the_words_it_was_trained_on(language: str) -> None:
    assert system(language) == TRAINED_ON[language]
    other = ToneConfig(directness=1, humour=False, read_emotion=False)
    assert compose(TALK, language, PERSONA, other, aside=Aside("sadness"))[1:] == TALK
    assert system(language, tone=other) == TRAINED_ON[language]


@pytest.mark.parametrize("language", ["en", "ko", "ja"])
def test_a_guided_model_is_told_the_guidelines_in_its_stable_head(language: str) -> None:
    head = guided(language)[0].text
    assert rubric(language) in head
    assert rubric(language) not in system(language)
    assert all(guided(language, feeling)[0].text == head for feeling in FEELINGS)
    assert guided(language)[1:] == TALK


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_knobs_that_only_a_guided_model_has(language: str) -> None:
    heads = {guided(language, directness=level)[0].text for level in (0.0, 0.5, 1.0)}
    heads.add(guided(language, humour=False)[0].text)
    heads |= {guided(language, playfulness=1, humour=humour)[0].text for humour in (True, False)}
    assert len(heads) == 6
    last = system(language).split(". ")[-1]
    assert all(head.endswith(last) for head in heads)  # the language comes last, as models heed it


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("feeling", FEELINGS)
def test_the_note_on_a_feeling_asks_for_care(language: str, feeling: str) -> None:
    messages = guided(language, feeling)
    assert messages[1:-1] == TALK[:-1]
    said, note = messages[-1].text.split("\n")
    assert (messages[-1].role, said) == ("user", "I failed.")
    assert note.startswith("[") and note.endswith("]")
    # A guess, never a fact.
    assert ("may be" in note and "Do not tell them" in note) or ("수도" in note and "단정" in note)


def test_a_serious_robot_is_not_told_that_jokes_are_fine() -> None:
    assert "joke" not in guided("en", playfulness=0)[0].text
    assert "no jokes" in guided("en", playfulness=0, humour=False)[0].text
    assert "joke is fine" in guided("en", playfulness=1)[0].text


def test_notes_differ_and_are_left_out_where_they_make_no_sense() -> None:
    assert len({guided("en", feeling)[-1].text for feeling in FEELINGS}) == len(FEELINGS)
    for feeling in (None, "neutral", "unheard of"):
        assert guided("en", feeling)[1:] == TALK
    assert guided("en", "sadness", read_emotion=False)[1:] == TALK
    assert guided("en", "crisis", read_emotion=False)[1:] != TALK
    answered = compose(TALK[:2], "en", PERSONA, TONE, "", Aside("sadness"))
    assert answered[1:] == TALK[:2]
    assert len(compose([], "en", PERSONA, TONE, "", Aside("sadness"))) == 1


@pytest.mark.parametrize(
    ("feeling", "asked_for"),
    [
        ("sadness", "acknowledge that first; no advice before"),
        ("anger", "apologise once"),
        ("fear", "one concrete next step"),
        ("joy", "share in it"),
        ("abuse", "do not answer in kind"),
        ("crisis", "no jokes"),
    ],
)
def test_what_each_feeling_asks_for(feeling: str, asked_for: str) -> None:
    assert asked_for in guided("en", feeling)[-1].text
