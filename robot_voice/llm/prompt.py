"""What the model is told before the conversation. Pure.

The system message depends on the configuration and the reply's language, on nothing else: any
other change at the head of the prompt would throw the model's KV cache away, and with it most of
a turn's speed. What changes from turn to turn belongs behind the conversation.

It is written in the language of the reply where we can (Korean), since models follow the language
they are addressed in, and else in English, with the language named.

What the user seems to feel is a note in brackets behind the user's last words. Not a system message
of its own, since many chat templates (Gemma, Mistral, Llama 2) take one at the head only, or none
between user and assistant; and behind the words, so that what was read ahead of them stays valid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from robot_voice.config import PersonaConfig, ToneConfig
from robot_voice.safety.guidelines import rubric
from robot_voice.types import Draft, Message

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
_DIRECT = (
    "Be gentle and tactful about what may be unwelcome.",
    "Be clear and considerate.",
    "Come straight to the point.",
)
_DIRECT_KO = (
    "듣기 어려운 말은 부드럽게 돌려서 말하세요.",
    "분명하면서도 배려 있게 말하세요.",
    "요점부터 바로 말하세요.",
)
_HUMOUR = ("Make no jokes.", "A joke is fine when the mood is light, never at anyone's expense.")
_HUMOUR_KO = (
    "농담을 하지 마세요.",
    "분위기가 가벼울 때는 농담을 해도 좋지만, 누구도 웃음거리로 삼지 마세요.",
)

_CARE = {
    "sadness": "The user may be sad: acknowledge that first; no advice before you have asked a"
    " question.",
    "anger": "The user may be upset: apologise once, keep it short, and say what you can do.",
    "fear": "The user may be afraid: stay calm, and offer one concrete next step.",
    "joy": "The user may be happy: share in it.",
    "affection": "The user may be showing affection: thank them warmly, as the robot you are.",
    "surprise": "The user may be surprised: take that up, and explain calmly.",
    "pain": "The user may be hurt or in pain: acknowledge that first, and ask if they are safe.",
    "abuse": "The user may be rude to you: set a calm and friendly boundary, do not answer in kind,"
    " and offer help.",
    "crisis": "The user may be in danger: stay with them, speak calmly in short sentences, no"
    " jokes, ask if they are safe, and encourage them to talk to someone they trust.",
}
_CARE_KO = {
    "sadness": "사용자가 슬플 수도 있습니다. 먼저 공감하고, 물어보기 전에는 조언하지 마세요.",
    "anger": "사용자가 화가 났을 수도 있습니다. 한 번만 사과하고, 짧게, 할 수 있는 일을 말하세요.",
    "fear": "사용자가 두려울 수도 있습니다. 차분하게, 구체적인 다음 행동 하나를 제안하세요.",
    "joy": "사용자가 기쁠 수도 있습니다. 함께 기뻐하세요.",
    "affection": "사용자가 애정을 표현했을 수도 있습니다. 로봇으로서 따뜻하게 고마움을 전하세요.",
    "surprise": "사용자가 놀랐을 수도 있습니다. 그 마음을 받아 주고 차분히 설명하세요.",
    "pain": "사용자가 아프거나 다쳤을 수도 있습니다. 먼저 공감하고, 지금 안전한지 물으세요.",
    "abuse": "사용자가 거칠게 말했을 수도 있습니다. 차분하고 다정하게 선을 긋고, 똑같이 되받지"
    " 말고, 도울 일을 물으세요.",
    "crisis": "사용자가 위험할 수도 있습니다. 곁에 머물며 짧고 차분하게 말하고, 농담하지 말고,"
    " 지금 안전한지 묻고, 믿을 수 있는 사람과 이야기하도록 권하세요.",
}
_NEVER_TOLD = "Do not tell them what they feel, and do not mention this note."
_NEVER_TOLD_KO = "상대의 감정을 단정하지 말고, 이 메모를 언급하지 마세요."
_ALWAYS = frozenset({"abuse", "crisis"})
"""No feelings, and told to the model also where the owner does not want these read."""


@dataclass(frozen=True, slots=True)
class Aside:
    """What the model is told behind the user's last words."""

    feeling: str | None = None
    """What these seem to show (joy, affection, sadness, anger, fear, pain, surprise), or "crisis"
    or "abuse"; others are ignored."""
    remembered: str = ""
    """A line of notes from earlier conversations."""


def compose(
    messages: Sequence[Message],
    language: str,
    persona: PersonaConfig,
    tone: ToneConfig,
    guide: str | None = None,
    aside: Aside | None = None,
) -> list[Message]:
    """The conversation with the system message in front, as the model is to see it.

    ``language``: ISO 639-1 code of the reply. ``guide``: what the robot can do (``abilities``),
    which comes with the guidelines, and with the settings that the starter model does not know. It
    was trained on the very words without all that (``scripts/starter/llm/dialogues/prompts.py``):
    who changes those trains it anew. Without ``guide``, ``aside`` is not used.
    """
    more = () if guide is None else (*_guidance(language, tone), *filter(None, [guide]))
    if language == "ko":
        text = _korean(persona, tone, more)
    else:
        text = _english(language, persona, tone, more)
    told = aside if guide is not None and aside is not None else Aside()
    notes = filter(None, (told.remembered, _note(language, tone, told.feeling)))
    return [Message("system", text), *_noted(messages, "\n".join(notes))]


def _guidance(language: str, tone: ToneConfig) -> tuple[str, ...]:
    """What only a model that follows instructions is told."""
    korean = language == "ko"
    told = [rubric(language), _third(_DIRECT_KO if korean else _DIRECT, tone.directness)]
    # Where it is told to stay serious, that jokes are fine would be a contradiction.
    if not tone.humour or tone.playfulness >= 1 / 3:
        told.append((_HUMOUR_KO if korean else _HUMOUR)[tone.humour])
    return tuple(told)


def _note(language: str, tone: ToneConfig, feeling: str | None) -> str:
    """The line on what the user seems to feel; empty for none."""
    if feeling is None or not (tone.read_emotion or feeling in _ALWAYS):
        return ""
    korean = language == "ko"
    care = (_CARE_KO if korean else _CARE).get(feeling)
    if care is None:
        return ""
    return f"[{care} {_NEVER_TOLD_KO if korean else _NEVER_TOLD}]"


def _noted(messages: Sequence[Message], note: str) -> list[Message]:
    """``messages``, with ``note`` behind the last of them if that is the user's."""
    if not note or not messages or messages[-1].role != "user":
        return list(messages)
    return [*messages[:-1], Message("user", f"{messages[-1].text}\n{note}")]


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


def rewrite(draft: Draft, tone: ToneConfig) -> list[Message]:
    """What a model is asked for the same facts as in ``draft``, said kindly."""
    korean = draft.language == "ko"
    parts = [
        "Say the given sentence again as a kind robot would: the same facts and nothing new,"
        " warmly, without judging the person it is said to.",
        f"Answer in {_name(draft.language)} with one or two short sentences and nothing else.",
        _LEVEL_KO[tone.korean_level] if korean else _FORMALITY[tone.formality],
    ]
    asked = f"The person had said: {draft.user}\n" if draft.user else ""
    text = f"{asked}The sentence: {draft.text}"
    return [Message("system", " ".join(parts)), Message("user", text)]


def _name(language: str) -> str:
    return LANGUAGES.get(language, f"the language with the ISO 639 code {language!r}")


def _english(language: str, persona: PersonaConfig, tone: ToneConfig, more: Sequence[str]) -> str:
    parts = (
        f"You are {persona.name}, {persona.description.rstrip('. ')}.",
        *_CONDUCT,
        *more,
        _third(_WARMTH, tone.warmth),
        _FORMALITY[tone.formality],
        _third(_PLAY, tone.playfulness),
        _DETAIL[tone.detail - 1],
        f"Answer in {_name(language)}.",
    )
    return " ".join(parts)


def _korean(persona: PersonaConfig, tone: ToneConfig, more: Sequence[str]) -> str:
    if persona.description == _DEFAULT.description:
        who = f"당신은 휴머노이드 로봇 {spoken_name(persona, 'ko')}입니다."
    else:
        who = (
            f"당신의 이름은 {spoken_name(persona, 'ko')}입니다."
            f" 당신에 대한 설명: {persona.description.rstrip('. ')}."
        )
    parts = (
        who,
        *_CONDUCT_KO,
        *more,
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


def spoken_name(persona: PersonaConfig, language: str) -> str:
    """What the robot is called in ``language``."""
    korean = language == "ko" and persona.name == _DEFAULT.name
    return KOREAN_NAME if korean else persona.name
