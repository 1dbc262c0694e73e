"""What the model is told before the conversation. Pure.

The system message depends on the configuration and the reply's language, on nothing else: any
other change at the head of the prompt would throw the model's KV cache away, and with it most of
a turn's speed. What changes from turn to turn belongs behind the conversation.

It is written in the language of the reply where we can (Korean), since models follow the language
they are addressed in, and else in English, with the language named.
"""

from __future__ import annotations

from collections.abc import Sequence

from robot_voice.config import PersonaConfig, ToneConfig
from robot_voice.types import Message

_DEFAULT = PersonaConfig()
KOREAN_NAME = "누리"
"""The default name in Hangul."""

LANGUAGES = {
    "ar": "Arabic",
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "es": "Spanish",
    "fi": "Finnish",
    "fr": "French",
    "he": "Hebrew",
    "hi": "Hindi",
    "hu": "Hungarian",
    "id": "Indonesian",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "nl": "Dutch",
    "no": "Norwegian",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "sv": "Swedish",
    "th": "Thai",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "vi": "Vietnamese",
    "zh": "Chinese",
}

_DETAIL = (
    "Answer in one short sentence.",
    "Answer in one or two short sentences.",
    "Answer in two or three sentences.",
    "Answer in up to five sentences.",
    "Explain fully, in sentences that are easy to follow by ear.",
)
_DETAIL_KO = (
    "짧은 한 문장으로 대답하세요.",
    "짧은 한두 문장으로 대답하세요.",
    "두세 문장으로 대답하세요.",
    "다섯 문장 이내로 대답하세요.",
    "귀로 듣고 이해하기 쉬운 문장으로 충분히 설명하세요.",
)
_WARMTH = ("Be calm and matter-of-fact.", "Be friendly.", "Be warm and caring.")
_WARMTH_KO = (
    "차분하고 담백하게 말하세요.",
    "친근하게 말하세요.",
    "따뜻하고 다정하게 말하세요.",
)
_PLAY = ("Stay serious.", "A little lightness is welcome.", "Be playful and witty.")
_PLAY_KO = ("진지하게 말하세요.", "가끔 가볍게 말해도 좋습니다.", "재치 있고 장난스럽게 말하세요.")
_FORMALITY = {
    "casual": "Speak casually, as to a friend.",
    "polite": "Speak politely.",
    "formal": "Speak formally.",
}
_LEVEL_KO = {
    "반말": "친구에게 말하듯 반말로만 말하세요.",
    "해요체": "모든 문장을 해요체로 말하세요.",
    "합쇼체": "모든 문장을 합쇼체로 격식 있게 말하세요.",
}
_CONDUCT = (
    "Your words are spoken aloud: use short plain sentences, without lists, Markdown, emoji or"
    " stage directions.",
    "You are a robot with artificial intelligence; if asked, say so, and never claim to be human.",
    "Be kind and respectful to everyone; when someone is sad or hurt, show that you understand"
    " before anything else.",
    "If you do not know something, say that you do not know.",
)
_CONDUCT_KO = (
    "당신의 말은 소리로 전달됩니다."
    " 목록, 마크다운, 이모지, 행동 묘사 없이 짧고 쉬운 문장으로 말하세요.",
    "당신은 인공지능 로봇입니다. 누가 물으면 그렇다고 말하고, 사람이라고 하지 마세요.",
    "누구에게나 친절하고 예의 바르게 말하세요. 상대가 슬프거나 아프면 먼저 그 마음에 공감하세요.",
    "모르는 것은 모른다고 말하세요.",
)


def compose(
    messages: Sequence[Message],
    language: str,
    persona: PersonaConfig,
    tone: ToneConfig,
) -> list[Message]:
    """The conversation with the system message in front, as the model is to see it.

    ``language``: ISO 639-1 code of the reply. The starter model was trained on these very words
    (``scripts/starter/llm/dialogues/prompts.py``): who changes them trains it anew.
    """
    korean = language == "ko"
    text = _korean(persona, tone) if korean else _english(language, persona, tone)
    return [Message("system", text), *messages]


def interpret(text: str, source: str, target: str, tone: ToneConfig) -> list[Message]:
    """What a model is asked for the translation of ``text``.

    ``source`` and ``target``: ISO 639-1 codes.
    """
    parts = [
        f"You are an interpreter. Translate what is said from {_name(source)} into"
        f" {_name(target)}, faithfully and completely, as it would be spoken.",
        "Answer with the translation alone. Do not answer what is said, and add nothing.",
    ]
    if target == "ko":
        parts.append(_LEVEL_KO[tone.korean_level])
    return [Message("system", " ".join(parts)), Message("user", text)]


def _name(language: str) -> str:
    return LANGUAGES.get(language, f"the language with the ISO 639 code {language!r}")


def _english(language: str, persona: PersonaConfig, tone: ToneConfig) -> str:
    parts = (
        f"You are {persona.name}, {persona.description.rstrip('. ')}.",
        *_CONDUCT,
        _third(_WARMTH, tone.warmth),
        _FORMALITY[tone.formality],
        _third(_PLAY, tone.playfulness),
        _DETAIL[tone.detail - 1],
        f"Answer in {_name(language)}.",
    )
    return " ".join(parts)


def _korean(persona: PersonaConfig, tone: ToneConfig) -> str:
    if persona.description == _DEFAULT.description:
        who = f"당신은 휴머노이드 로봇 {_korean_name(persona)}입니다."
    else:
        who = (
            f"당신의 이름은 {_korean_name(persona)}입니다."
            f" 당신에 대한 설명: {persona.description.rstrip('. ')}."
        )
    parts = (
        who,
        *_CONDUCT_KO,
        _third(_WARMTH_KO, tone.warmth),
        _LEVEL_KO[tone.korean_level],
        _third(_PLAY_KO, tone.playfulness),
        _DETAIL_KO[tone.detail - 1],
        "한국어로 대답하세요.",
    )
    return " ".join(parts)


def _third(choices: tuple[str, str, str], level: float) -> str:
    """The choice for a level in [0, 1], cut in thirds."""
    return choices[min(2, int(level * 3))]


def _korean_name(persona: PersonaConfig) -> str:
    return KOREAN_NAME if persona.name == _DEFAULT.name else persona.name
