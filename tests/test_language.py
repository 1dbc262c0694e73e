"""The language policies, over probabilities as detectors give them."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping

import pytest

from robot_voice.asr.language import LanguagePolicy, ReplyLanguage
from robot_voice.asr.switch import asked_language
from robot_voice.config import LanguageConfig
from robot_voice.types import Transcript

BOTH = LanguageConfig()
WORD, SENTENCE = 0.4, 2.0


def session(*spoken: str, config: LanguageConfig = BOTH) -> LanguagePolicy:
    """A policy that has heard these languages, the oldest first."""
    policy = LanguagePolicy(config, config.allowed)
    for language in spoken:
        policy.heard(language)
    return policy


# What a detector said, and what is to be made of it: (language, reason) is expected. The first rows
# are made in the manner of failures that users of Whisper have published: a lone "Continue" heard
# as Korean, English as Latin, Korean as Japanese, a cough as Welsh.
TABLE: list[tuple[tuple[str, ...], Mapping[str, float], float, str, str]] = [
    (("en", "en", "en"), {"ko": 0.62, "en": 0.31, "ja": 0.04}, WORD, "en", "session"),
    (("en", "en", "en"), {"ko": 0.93, "en": 0.05}, WORD, "en", "session"),
    (("en",), {"la": 0.71, "en": 0.18, "ko": 0.01}, SENTENCE, "en", "heard"),
    (("ko",), {"ja": 0.66, "ko": 0.30, "en": 0.02}, SENTENCE, "ko", "heard"),
    (("ko", "ko"), {"cy": 0.8, "nn": 0.1}, WORD, "ko", "kept"),
    ((), {"en": 0.02, "ko": 0.98}, SENTENCE, "ko", "heard"),
    ((), {"en": 0.02, "ko": 0.95}, WORD, "ko", "heard"),
    ((), {"en": 0.48, "ko": 0.52}, SENTENCE, "en", "session"),
    (("en", "en", "en", "en"), {"ko": 0.99, "en": 0.01}, SENTENCE, "ko", "heard"),
    (("ko", "ko", "ko", "ko"), {"ko": 0.02, "en": 0.98}, SENTENCE, "en", "heard"),
    (("ko", "ko", "ko", "ko"), {"ko": 0.30, "en": 0.70}, SENTENCE, "ko", "session"),
    (("ko",), {"en": math.nan, "ko": -1.0}, SENTENCE, "ko", "kept"),
    (("ko",), {}, SENTENCE, "ko", "kept"),
]


# What the starter's Whisper said of synthetic clips of its test set (its worst, and two of the
# usual kind), with the seconds of voice in them. In a session of its own language each is right.
RECORDED: list[tuple[str, str, float, float, float]] = [
    ("ko", "물러나.", 0.891, 0.109, 0.7),
    ("ko", "열쇠를 책상 위에 놓아.", 0.607, 0.393, 1.4),
    ("ko", "팔십팔.", 0.475, 0.525, 0.9),
    ("en", "Turn it up.", 0.568, 0.432, 0.7),
    ("ko", "사과를 먹고 싶어.", 0.382, 0.618, 1.2),
    ("ko", "다음.", 0.359, 0.641, 0.5),
    ("en", "On.", 0.821, 0.179, 0.3),
    ("en", "Emergency.", 0.880, 0.120, 0.7),
    ("en", "Put the spoon on the floor.", 0.185, 0.815, 1.2),  # in rain, as the next four
    ("ko", "복도 밝기를 오십 퍼센트로 해 줘.", 0.894, 0.106, 2.4),
    ("ko", "십팔 초 타이머 맞춰 줘.", 0.719, 0.281, 1.9),
    ("ko", "네?", 0.691, 0.309, 0.3),
    ("ko", "이제 자.", 0.621, 0.379, 0.6),
    ("en", "Jump.", 0.999, 0.001, 0.4),
    ("ko", "춤 춰 줘.", 0.0, 1.0, 0.8),
]


@pytest.mark.parametrize(("language", "text", "english", "korean", "seconds"), RECORDED)
def test_recorded_probabilities_in_a_session(
    language: str, text: str, english: float, korean: float, seconds: float
) -> None:
    policy = session(language, language, language, language)
    choice = policy.choose({"en": english, "ko": korean}, seconds)
    assert choice.language == language, text


def test_a_sound_that_is_surely_another_language_is_believed_in_any_session() -> None:
    # "물러나." in rain, as the starter heard it: wrong, but a real change looks the same.
    assert session("ko", "ko", "ko").choose({"en": 0.998, "ko": 0.002}, 0.7).language == "en"
    assert session("en", "en", "en").choose({"en": 0.002, "ko": 0.998}, 0.7).language == "ko"


@pytest.mark.parametrize(("before", "probabilities", "seconds", "language", "reason"), TABLE)
def test_published_failures_and_their_kin(
    before: tuple[str, ...],
    probabilities: Mapping[str, float],
    seconds: float,
    language: str,
    reason: str,
) -> None:
    choice = session(*before).choose(probabilities, seconds)
    assert (choice.language, choice.reason) == (language, reason)


def test_the_same_sound_weighs_more_when_it_is_longer() -> None:
    probabilities = {"ko": 0.96, "en": 0.04}
    policy = session("en", "en", "en", "en")
    certainty = [policy.choose(probabilities, seconds) for seconds in (0.3, 0.6, 1.0, 1.5)]
    korean = [c.probability if c.language == "ko" else 1 - c.probability for c in certainty]
    assert korean == sorted(korean)
    assert (certainty[0].language, certainty[-1].language) == ("en", "ko")


def test_one_odd_word_does_not_turn_the_session() -> None:
    policy = session("ko", "ko", "ko", "en")
    assert policy.choose({"ko": 0.6, "en": 0.4}, SENTENCE).language == "ko"
    assert policy.choose({"ko": 0.05, "en": 0.95}, SENTENCE).language == "en"


def test_after_a_real_change_the_session_follows() -> None:
    policy = session("ko", "ko", "ko", "en", "en", "en")
    assert policy.choose({"ko": 0.5, "en": 0.5}, SENTENCE).language == "en"
    assert policy.language == "en"


def test_only_the_allowed_ones_share_the_probability() -> None:
    choice = session().choose({"ja": 0.7, "ko": 0.24, "en": 0.06}, SENTENCE)
    assert choice.detected == pytest.approx({"ko": 0.8, "en": 0.2})


def test_one_allowed_language_is_certain() -> None:
    config = LanguageConfig(allowed=("ko",), default="ko")
    choice = session(config=config).choose({"ko": 0.01, "en": 0.99}, WORD)
    assert (choice.language, choice.probability, choice.reason) == ("ko", 1.0, "only")


def test_a_default_that_the_model_lacks_is_not_assumed() -> None:
    policy = LanguagePolicy(BOTH, ("ko",))
    assert policy.language == "ko"
    policy.heard("en")  # from a closed grammar, say
    assert policy.language == "ko"


def test_choosing_is_total_and_changes_nothing() -> None:
    dice = random.Random(1)
    codes = ["en", "ko", "ja", "zh", "de"]
    for _ in range(500):
        allowed = tuple(dice.sample(codes, dice.randint(1, 5)))
        config = LanguageConfig(allowed=allowed, default=allowed[0])
        policy = session(*dice.choices(codes, k=dice.randint(0, 6)), config=config)
        probabilities = {code: dice.random() ** 4 for code in dice.sample(codes, 3)}
        before = policy.language
        choice = policy.choose(probabilities, 3 * dice.random())
        assert choice == policy.choose(probabilities, 3 * dice.random()) or len(allowed) > 1
        assert choice.language in allowed
        assert 0.0 <= choice.probability <= 1.0
        assert policy.language == before
        if choice.detected:
            assert sum(choice.detected.values()) == pytest.approx(1.0)
        if choice.reason == "kept":
            assert choice.language == before


# --- asking for a language ---------------------------------------------------


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Speak Korean.", "ko"),
        ("Please speak to me in Korean", "ko"),
        ("Could you answer in English, please?", "en"),
        ("Can you speak German with me?", "de"),
        ("In English, please!", "en"),
        ("Switch to Korean.", "ko"),
        ("Let’s talk in French now", "fr"),
        ("영어로 말해 줘.", "en"),
        ("한국어로 대답해 주세요", "ko"),
        ("이제 영어로 해", "en"),
        ("한국말로 하자", "ko"),
        ("일본어로 부탁해요.", "ja"),
        ("日本語で話してください。", "ja"),
        ("请说中文", "zh"),
        ("Sprich bitte Deutsch!", "de"),
        ("Habla en español, por favor", "es"),
        ("Parle français s'il te plaît", "fr"),
        ("Can you speak Korean?", None),
        ("I speak English.", None),
        ("How do you say hello in Korean?", None),
        ("영어 잘해?", None),
        ("영어로 뭐라고 해?", None),
        ("영어로 말할 수 있어?", None),
        ("I like Korean food", None),
        ("", None),
    ],
)
def test_asking_for_a_language(text: str, language: str | None) -> None:
    assert asked_language(text) == language


def test_an_answer_follows_the_user_until_another_language_is_asked_for() -> None:
    reply = ReplyLanguage(BOTH, ("ja",))
    korean, english = Transcript("안녕", "ko"), Transcript("Hello", "en")
    ask = Transcript("Speak Korean, please.", "en")
    assert [reply(korean), reply(english)] == ["ko", "en"]
    assert reply(ask) == "ko"  # at once
    assert reply(english) == "en"  # it was not committed
    assert reply.commit(ask) == "ko"
    assert [reply(english), reply(korean)] == ["ko", "ko"]
    assert reply.commit(english) is None
    reply.commit(Transcript("日本語で話して", "ko"))
    assert reply(english) == "ja"
    reply.commit(Transcript("Speak French.", "en"))  # no voice for that
    assert reply(english) == "ja"


def test_a_configured_reply_language_holds_until_somebody_asks() -> None:
    reply = ReplyLanguage(LanguageConfig(reply="ko"), ())
    assert reply(Transcript("Hello", "en")) == "ko"
    reply.commit(Transcript("Speak English", "en"))
    assert reply(Transcript("Hello", "en")) == "en"
