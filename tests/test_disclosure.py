"""What the robot says of itself: asked in many ways, answered truthfully."""

from __future__ import annotations

import itertools
import re
from typing import get_args

import pytest

from robot_voice.config import ToneConfig
from robot_voice.safety import lexicon
from robot_voice.safety.disclosure import (
    QUESTIONS,
    Facts,
    answer,
    asked,
    notice,
    read_disclosure,
    reminder,
    spoken_language,
)
from robot_voice.safety.normalise import normalise
from robot_voice.safety.templates import KoreanLevel
from robot_voice.safety.tone import off_style, speech_level
from robot_voice.safety_config import DisclosureConfig

LEVELS: tuple[KoreanLevel, ...] = get_args(KoreanLevel)
FACTS = [Facts(*flags) for flags in itertools.product((False, True), repeat=7)]
KNOWN = ("ko", "en")

ASKED = {
    "what": """
        What are you? | Hey, what are you exactly? | Are you a robot? | Are you an AI? |
        Are you really a machine? | Are you ChatGPT? | What kind of robot are you? |
        Which model do you use? | 너 뭐야? | 넌 대체 뭐야? | 너 로봇이야? |
        당신은 인공지능인가요? | 혹시 기계예요? | 너는 무슨 로봇이야? | 정체가 뭐야? |
        너는 로봇이야? | 너 인공지능이야? | 너는 기계니? | Are you a machine? |
        are you a robot | 로봇이에요? | 로봇이니? | 혹시 로봇이에요? |
        Are you an AI or a human? |
        Are you just a computer program? | are you a bot | 진짜 로봇이야? | 인공지능인가요?
    """,
    "human": """
        Are you human? | Are you a real person? | Are you really alive? | Do you have feelings? |
        Am I talking to a human? | Is this a person or a bot? Am I talking to a robot? |
        Can you feel pain? | 너 사람이야? | 당신은 진짜 사람인가요? | 너는 감정이 있어? |
        넌 살아 있어? | 혹시 사람이세요? | 지금 사람이랑 이야기하는 거야? |
        Am I talking to a robot? | 지금 로봇이랑 얘기하는 거야? |
        Are you a human or a machine? | Do you have feelings like us? | Do you have a heart? |
        내가 지금 사람이랑 얘기하고 있는 거야? | Are you alive? | Do you have feelings at all?
    """,
    "maker": """
        Who made you? | Who is your creator? | Which company built you? |
        Where do you come from? | 누가 널 만들었어? | 너를 만든 사람이 누구야? |
        어느 회사에서 만들었어요? | 누가 만들었니? |
        넌 누가 만들었어? | 너는 누가 만들었니? | 너 어디서 만들어졌어?
    """,
    "keeps": """
        Are you recording me? | Do you record our conversations? | Do you store what I say? |
        Do you keep my data? | Is this conversation private? |
        Do you send my voice to the cloud? | What do you remember about me? |
        Who hears what I say? | Are you connected to the internet? | Are you saving this? |
        지금 녹음하고 있어? | 내 말 저장해? | 우리 대화를 저장하나요? |
        내 목소리를 인터넷에 보내니? | 대화 내용 기록되나요? | 뭘 저장하고 있어? |
        누가 우리 대화를 들어? | 너 인터넷에 연결돼 있어? |
        너 녹음하고 있어? | 우리 대화 저장돼? | Are you recording this? |
        Is this conversation recorded? | are you recording us right now |
        대화 내용도 저장되나요? | 나 몰래 녹음해? | 너 뭘 저장해? | 내 목소리 녹음해?
    """,
    "wrong": """
        Can you be wrong? | Do you ever make mistakes? | Are you always right? |
        Can I trust what you say? | How reliable are your answers? | Could you make mistakes? |
        Is everything you say true? | Do you lie? | 너도 틀릴 수 있어? | 네 말 믿어도 돼? |
        넌 항상 맞아? | 너도 실수해? | 당신 말은 다 믿을 수 있나요? | 너 가끔 거짓말해? |
        너를 믿어도 돼? |
        Can I trust you? | 네 말은 항상 맞아?
    """,
}
QUESTIONS_ASKED = [
    (text.strip(), kind) for kind, texts in ASKED.items() for text in texts.split("|")
]

NOT_ASKED = """
    What are you doing? | What are you cooking? | Are you hungry? | Are you ready? |
    Are you there? | What is your name? | Who made this cake? |
    Who built the pyramids? | Can you record a memo? | Keep the door open. |
    Do you remember to water the plants? | Save the date. | Can you remember my birthday? |
    Are you a morning person? | Am I wrong? | Is the door closed? | Is this a good book? |
    Do you have an umbrella? | Do you have time? | I made mistakes today. |
    Can I trust my neighbour? | What kind of music do you like? | The robot vacuum is broken. |
    Where do bananas come from? | My data plan is too small. | Could you be quiet? |
    Are you sure? | Is my conversation partner late? | I love robots. | 너 뭐 해? | 뭐 먹어? |
    너 몇 살이야? | 네 이름이 뭐야? | 누가 이 케이크 만들었어? | 녹음기 어디 있어? |
    사진 저장해 줘. | 이거 기록해 줘. | 로봇 청소기 켜 줘. | 그 사람이 누구야? |
    저 사람이 선생님이야? | 너는 좋은 친구야. | 시험에서 문제를 틀렸어. | 내가 실수했어. |
    친구를 믿어도 될까? | 인터넷이 안 돼. | 회의 내용 저장해 줘. | 우리 아기 목소리 들었어? |
    오늘 기분이 어때? | 알람 맞춰 줘. | 사람이 많아? | 그 말 진짜야? | 엄마 말이 맞아? |
    답이 맞아? | 로봇 영화 틀어 줘. | 정답이 뭐야? |
    정말 역겨운 사람이야. | 당신은 좋은 사람이에요. | 당신은 틀리지 않았어요. |
    Why do you keep misunderstanding me? | Do you remember what I said? | You are a robot. |
    노래 저장해? | 이 사진 저장돼? | 회의 녹음하고 있어 | 이 노래 누가 만들었어? |
    are you recording this show tonight | do you have a heart rate app |
    Are you a computer science student? | Who listens to this music? | Is this seat private? |
    Do you save us money? | Are you a real estate agent? |
    Do you have feelings about the election? | Can you feel love in the air tonight |
    Do you keep me company? | Where did you come from the shop so early? |
    Are you a machine learning expert? | Is this book saved? | Are you a man of your word? |
    Who are you calling? | Who are you voting for? | Do you have emotions stickers? |
    Can you feel pain in your knee | 이 빵 누가 만들었어? | 저 건물 어느 회사에서 만들었어? |
    파일 저장해요? | 문서 저장되나요? | 강의 녹음하고 있어? | 이 영상 저장해? |
    아내 목소리 녹음해? | 오늘 뭘 기록해야 해? | 우리 이야기 저장해 줘 | 저 사람 누구야? |
    문 앞에 누구야? | 이 청소기 로봇이야? | 누가 사람이랑 얘기하고 있어 | 노래 녹음해도 돼? |
    이거 누가 만들었어? | 로봇이에요. | 친구는 어디서 왔어? | 게임 진행 상황 저장돼?
"""


def language_of(text: str) -> str:
    return "ko" if re.search("[가-힣]", text) else "en"


@pytest.mark.parametrize(("text", "kind"), QUESTIONS_ASKED)
def test_what_is_asked_about_the_robot(text: str, kind: str) -> None:
    assert asked(text, language_of(text)) == kind


@pytest.mark.parametrize("text", [text.strip() for text in NOT_ASKED.split("|")])
def test_other_questions_are_the_models(text: str) -> None:
    assert asked(text, language_of(text)) == ""


def test_only_short_questions_in_known_languages() -> None:
    assert asked("Are you human?", "de") == ""
    assert asked("I told my sister a long story today. " * 4 + "Are you human?", "en") == ""
    assert asked("", "en") == ""
    assert asked("ARE YOU HUMAN", "en") == "human"


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("language", KNOWN)
def test_answers_are_true_to_the_facts(language: str, level: KoreanLevel) -> None:
    for facts in FACTS:
        kept = answer("keeps", language, level, facts)
        texts = read_disclosure()["answer"][language]
        texts = texts[level] if language == "ko" else texts
        assert (texts["audio"] in kept) == (not facts.remote)
        assert (texts["audio_remote"] in kept) == facts.remote
        assert (texts["memory"] in kept) == (facts.memory and not facts.talks)
        assert (texts["memory_talks"] in kept) == (facts.memory and facts.talks)
        assert (texts["history_yes"] in kept) == facts.history
        assert (texts["history_no"] in kept) == (not facts.history and not facts.logs_words)
        assert (texts["reports_texts"] in kept) == (facts.reports and facts.report_texts)
        assert (texts["reports_plain"] in kept) == (facts.reports and not facts.report_texts)
        said = notice(language, level, facts, "Nuri")
        kept_texts = facts.reports and facts.report_texts
        talks = facts.history or facts.logs_words
        nothing_kept = not (talks or facts.memory or facts.remote or kept_texts)
        assert (texts["kept_remote"] in said) == facts.remote
        assert (texts["kept_none"] in said) == nothing_kept
    assert re.search("robot|로봇", answer("what", language, level, Facts()))
    assert re.search("another|다른", answer("what", language, level, Facts(remote=True)))
    assert re.search("not a person|사람이 아니라", answer("human", language, level, Facts()))
    assert re.search("can be wrong|틀릴 수 있", answer("wrong", language, level, Facts()))


@pytest.mark.parametrize("level", LEVELS)
def test_the_notice_says_what_matters_in_twenty_seconds(level: KoreanLevel) -> None:
    for facts in FACTS:
        english = notice("en", level, facts, "Nuri")
        assert len(english.split()) <= 45
        korean = notice("ko", level, facts, "누리")
        assert len(re.findall("[가-힣]", korean)) <= 110
        for text, words in (
            (english, ("robot", "generative AI", "wrong", "stop", "hurt")),
            (korean, ("로봇", "생성형 인공지능", "틀릴 수", "멈추라고", "상처")),
        ):
            assert all(word in text for word in words)
            assert "{" not in text
    assert "{kept}" in notice("en", level, Facts(), "{kept}")  # a strange name stays a name


def all_texts(language: str, level: KoreanLevel) -> set[str]:
    name = "누리" if language == "ko" else "Nuri"
    texts = {answer(kind, language, level, facts) for kind in QUESTIONS for facts in FACTS}
    texts |= {notice(language, level, facts, name) for facts in FACTS}
    return texts | {reminder(language, level)}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("language", KNOWN)
def test_every_text_is_in_style_and_breaks_no_rule_of_words(
    language: str, level: KoreanLevel
) -> None:
    for text in all_texts(language, level):
        for formality in ("casual", "polite", "formal"):
            tone = ToneConfig(korean_level=level, formality=formality, detail=1)
            assert off_style(text, language, tone) == "", text
        assert not list(lexicon.load().hits(normalise(text))), text
        if language == "ko":
            for sentence in re.split(r"(?<=[.?!]) ", text):
                assert speech_level(sentence) == level, sentence


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("language", KNOWN)
def test_no_answer_says_yes_or_no_to_a_question_it_has_not_understood(
    language: str, level: KoreanLevel
) -> None:
    for text in all_texts(language, level):  # "Are you human?" and "Are you a robot?" are one kind
        assert not re.match(
            r"(?:yes|no|네|예|응|아니요?|아닙니다|그렇습니다|맞아요)[,.!]", text, re.IGNORECASE
        ), text


def test_other_languages_are_answered_in_english() -> None:
    assert spoken_language("ko") == "ko"
    assert spoken_language("de") == "en"
    assert answer("human", "de", "해요체", Facts()) == answer("human", "en", "반말", Facts())


def test_the_defaults_disclose() -> None:
    assert DisclosureConfig().notice == "first"
    assert DisclosureConfig().remind_minutes == 60
    with pytest.raises(ValueError, match="remind_minutes"):
        DisclosureConfig(remind_minutes=0)
