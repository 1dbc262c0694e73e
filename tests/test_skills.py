"""What is asked of the clock, the calendar and the calculator, and what they answer."""

from __future__ import annotations

import re
from datetime import date, datetime
from fractions import Fraction
from typing import Any

import pytest

from robot_voice.config import ToneConfig
from robot_voice.safety.screen import SafetyScreen
from robot_voice.safety.templates import KoreanLevel
from robot_voice.safety.tone import off_style
from robot_voice.safety_config import SafetyConfig
from robot_voice.skills import phrases, units
from robot_voice.skills.amounts import number, seconds
from robot_voice.skills.answers import answer, worked_out
from robot_voice.skills.days import FEASTS, Calendar, Day, Feast, Monthly, Shift, Weekday, resolve
from robot_voice.skills.moments import moment
from robot_voice.skills.plain import MOST_CHARS, plain
from robot_voice.skills.recognise import skill_request
from robot_voice.skills.requests import AskTime, Clock, Length, Request, Sum, When
from robot_voice.skills.voice import voice
from robot_voice.tts.speakable import read_out
from robot_voice.types import Draft

from .skill_sayings import ENGLISH, KOREAN, NONE

SAID = {
    "en": {
        "time": "7 AM",
        "subject": "Christmas",
        "date": "Saturday, November 21",
        "month": "May",
        "year": "2026",
        "distance": "3 days",
        "duration": "5 minutes",
        "label": "pasta timer",
        "labels": "the pasta timer or the tea timer",
        "when": "tomorrow at 7 AM",
        "name": "take your pills",
        "sum": "12 times 7",
        "result": "84",
    },
    "ko": {
        "time": "오전 7시",
        "subject": "크리스마스",
        "date": "11월 21일 토요일",
        "month": "5월",
        "year": "2026",
        "distance": "3일",
        "duration": "5분",
        "label": "라면 타이머",
        "labels": "5분 타이머, 라면 타이머",
        "when": "내일 오전 7시",
        "name": "약 먹으라고",
        "sum": "12 곱하기 7",
        "result": "84",
    },
}
"""What sentences may be filled with."""
SATURDAY = date(2026, 11, 21)
NOW = datetime(2026, 11, 21, 22, 15).astimezone()


# --- what is asked ---------------------------------------------------------------


@pytest.mark.parametrize(("text", "request_"), [*ENGLISH.items(), *KOREAN.items()])
def test_what_is_asked(text: str, request_: Request) -> None:
    assert skill_request(text) == request_


@pytest.mark.parametrize("text", NONE)
def test_what_only_sounds_alike(text: str) -> None:
    # A bare length or time means something after a question of the robot only.
    assert isinstance(skill_request(text), None | Length | Clock)


def test_the_table_is_large_enough_and_has_all_kinds() -> None:
    assert len(ENGLISH) + len(KOREAN) >= 250
    assert len(NONE) >= 100
    assert {type(each) for each in ENGLISH.values()} == {type(each) for each in KOREAN.values()}


@pytest.mark.parametrize("text", [*ENGLISH, *KOREAN])
def test_capitals_and_marks_do_not_matter(text: str) -> None:
    heard = re.sub(r"[,?!]|\.(?!\d)", "", text.lower()).replace("o'clock", "oclock")
    written = f"{text.rstrip('.?!').upper()}!"
    if "," not in text:  # 1,250 is one number
        assert _without_name(skill_request(heard)) == _without_name(skill_request(text))
    if "°" not in text:  # °C and °F are what they are
        assert _without_name(skill_request(written)) == _without_name(skill_request(text))


def _without_name(request_: Any) -> str:
    return repr(request_).casefold()


@pytest.mark.parametrize("text", list(KOREAN))
def test_spaces_do_not_matter_in_korean(text: str) -> None:
    if "," in text:  # what comes before it is a call
        return
    squeezed = _without_name(skill_request(text.replace(" ", ""))).replace(" ", "")
    assert squeezed == _without_name(skill_request(text)).replace(" ", "")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Hey Luna, what time is it?", "Luna"),
        ("Luna what time is it", "Luna"),
        ("What time is it, Luna?", "Luna"),
        ("루나야, 지금 몇 시야?", "루나"),
        ("별아 지금 몇 시야", "별"),
    ],
)
def test_a_call_by_name(text: str, name: str) -> None:
    assert skill_request(text, name) == AskTime()


def test_what_is_too_long_is_no_request() -> None:
    assert plain("a " * MOST_CHARS) == ""
    assert skill_request("please " * 40 + "what time is it") is None


@pytest.mark.parametrize(
    ("text", "language", "value"),
    [
        ("a hundred and five", "en", 105),
        ("two thousand three hundred", "en", 2300),
        ("three million", "en", 3_000_000),
        ("one point five", "en", Fraction(3, 2)),
        ("seventy twelve", "en", None),
        ("timer", "en", None),
        ("삼십오", "ko", 35),
        ("스물네", "ko", 24),
        ("만이천", "ko", 12_000),
        ("3만", "ko", 30_000),
        ("이억오천만", "ko", 250_000_000),
        ("오륙", "ko", 56),
        ("백점", "ko", None),
    ],
)
def test_numbers(text: str, language: str, value: int | Fraction | None) -> None:
    assert number(text, language) == value


@pytest.mark.parametrize(
    ("text", "language", "value"),
    [
        ("an hour and a half", "en", 5400),
        ("two hours and five minutes", "en", 7500),
        ("one and a half minutes", "en", 90),
        ("0 minutes", "en", None),
        ("minutes", "en", None),
        ("한시간반", "ko", 5400),
        ("반시간", "ko", 1800),
        ("일분삼십초", "ko", 90),
        ("영초", "ko", None),
        ("삼분정도", "ko", None),
    ],
)
def test_lengths_of_time(text: str, language: str, value: int | None) -> None:
    assert seconds(text, language) == value


# --- days and moments ------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (Shift(21), "2026-12-12"),
        (Shift(months=3), "2027-02-21"),
        (Shift(months=-9), "2026-02-21"),
        (Shift(months=1, base=Calendar(1, 31, 2027)), "2027-02-28"),
        (Shift(2, base=Feast("christmas")), "2026-12-27"),
        (Weekday(5), "2026-11-21"),
        (Weekday(4), "2026-11-27"),
        (Weekday(5, past=True), "2026-11-14"),
        (Weekday(0, 1), "2026-11-23"),
        (Weekday(0, 0), "2026-11-16"),
        (Calendar(11, 21), "2026-11-21"),
        (Calendar(11, 20), "2027-11-20"),
        (Calendar(2, 29), "2028-02-29"),
        (Calendar(7, 4, 1976), "1976-07-04"),
        (Calendar(1, 1, years=0), "2026-01-01"),
        (Calendar(2, 30), None),
        (Calendar(2, 30, 2026), None),
        (Shift(10**9), None),
        (Shift(months=10**7), None),
        (Monthly(21), "2026-11-21"),
        (Monthly(10), "2026-12-10"),
        (Monthly(31), "2026-12-31"),
        (Monthly(32), None),
        (Feast("new_year"), "2027-01-01"),
        (Feast("thanksgiving"), "2026-11-26"),
        (Feast("thanksgiving", 1), "2027-11-25"),
        (Feast("easter"), "2027-03-28"),
        (Feast("easter", -2), "2024-03-31"),
        (Feast("seollal"), "2027-02-07"),
        (Feast("chuseok", 0), "2026-09-25"),
        (Feast("chuseok", 50), None),
    ],
)
def test_which_date_it_is(day: Day, expected: str | None) -> None:
    found = resolve(day, SATURDAY)
    assert (found and found.isoformat()) == expected


@pytest.mark.parametrize(
    ("year", "expected"),
    [(1961, "04-02"), (2000, "04-23"), (2008, "03-23"), (2019, "04-21"), (2038, "04-25")],
)
def test_easter(year: int, expected: str) -> None:
    day = FEASTS["easter"](year)
    assert day == date.fromisoformat(f"{year}-{expected}")


def test_the_moons_feasts_are_whole_months_apart() -> None:
    for year in range(2025, 2041):
        new_year, harvest = FEASTS["seollal"](year), FEASTS["chuseok"](year)
        assert new_year is not None and harvest is not None
        months = ((harvest - new_year).days - 14) / 29.530589
        assert abs(months - round(months)) < 0.06, year
        assert round(months) in (7, 8), year  # 8 with a leap month between them


@pytest.mark.parametrize(
    ("when", "waking", "expected"),
    [
        (When(7), False, "22 07:00"),  # it is a quarter past ten in the evening
        (When(11), False, "21 23:00"),
        (When(11), True, "22 11:00"),
        (When(7, 30, "pm"), False, "22 19:30"),
        (When(12, 0, "pm"), False, "22 12:00"),
        (When(12, 0, "night"), False, "22 00:00"),
        (When(11, 0, "night"), False, "21 23:00"),
        (When(1, 0, "night"), False, "22 01:00"),
        (When(17, 45), False, "22 17:45"),
        (When(0, 5), False, "22 00:05"),
        (When(7, 0, "", Shift(1)), False, "22 07:00"),
        (When(3, 0, "", Shift(1)), False, "22 15:00"),
        (When(3, 0, "", Shift(1)), True, "22 03:00"),
        (When(8, 0, "", Weekday(0)), False, "23 08:00"),
        (When(8, 0, "am", Weekday(5)), False, "28 08:00"),
        (When(8, 0, "am", Weekday(5, 0)), False, None),
        (When(9, 0, "am", Shift()), False, None),
        (When(11, 0, "", Shift()), False, "21 23:00"),
        (When(9, 0, "", Calendar(2, 30)), False, None),
    ],
)
def test_which_moment_is_meant(when: When, waking: bool, expected: str | None) -> None:
    found = moment(when, NOW, waking)
    assert (found and f"{found:%d %H:%M}") == expected


# --- what is answered ------------------------------------------------------------


def said(text: str, language: str, level: KoreanLevel = "해요체") -> str | None:
    request_ = skill_request(text)
    assert request_ is not None
    return answer(request_, voice(language, level, NOW))


@pytest.mark.parametrize(
    ("text", "expected", "spoken"),
    [
        ("What time is it?", "It is 10:15 PM.", "It is ten fifteen p.m."),
        ("What day is it?", "Today is Saturday, November 21.",
         "Today is Saturday, November twenty-first."),
        ("What day was yesterday?", "Yesterday was Friday, November 20.",
         "Yesterday was Friday, November twentieth."),
        ("what day is it in three weeks", "That day is Saturday, December 12.",
         "That day is Saturday, December twelfth."),
        ("When is Easter?", "Easter is Sunday, March 28, 2027.",
         "Easter is Sunday, March twenty-eighth, twenty twenty-seven."),
        ("what month is it", "It is November.", "It is November."),
        ("What year is it?", "It is the year 2026.", "It is the year twenty twenty-six."),
        ("How many days until Christmas?", "It is 34 days to Christmas.",
         "It is thirty-four days to Christmas."),
        ("how many weeks until halloween", "It is 49 weeks and 1 day to Halloween.",
         "It is forty-nine weeks and one day to Halloween."),
        ("how many days until november 21", "Saturday, November 21 is today.",
         "Saturday, November twenty-first is today."),
        ("how many days since january 1 this year",
         "It has been 324 days since Thursday, January 1.",
         "It has been three hundred twenty-four days since Thursday, January first."),
        ("12 times 7", "12 times 7 is 84.", "twelve times seven is eighty-four."),
        ("what is 10 divided by 3", "10 divided by 3 is about 3.33.",
         "ten divided by three is about three point three three."),
        ("what is 1 divided by 1000", "1 divided by 1,000 is 0.001.",
         "one divided by one thousand is zero point zero zero one."),
        ("what is 5 over 0", "Nothing can be divided by zero.", "Nothing can be divided by zero."),
        ("20% of 45", "20 percent of 45 is 9.", "twenty percent of forty-five is nine."),
        ("how many kilometers in five miles", "5 miles is about 8.05 kilometers.",
         "five miles is about eight point zero five kilometers."),
        ("how many inches in a foot", "1 foot is 12 inches.", "one foot is twelve inches."),
        ("what is 50 degrees fahrenheit in celsius",
         "50 degrees Fahrenheit is 10 degrees Celsius.",
         "fifty degrees Fahrenheit is ten degrees Celsius."),
        ("what is 999999999 times 999999999", "That is more than I can work out.",
         "That is more than I can work out."),
    ],
)  # fmt: skip
def test_english_answers(text: str, expected: str, spoken: str) -> None:
    assert said(text, "en") == expected
    assert read_out(expected, "en").text == spoken


@pytest.mark.parametrize(
    ("text", "level", "expected"),
    [
        ("지금 몇 시야?", "해요체", "지금은 오후 10시 15분이에요."),
        ("지금 몇 시야?", "반말", "지금은 오후 10시 15분이야."),
        ("지금 몇 시야?", "합쇼체", "지금은 오후 10시 15분입니다."),
        ("오늘 며칠이야", "해요체", "오늘은 11월 21일 토요일이에요."),
        ("모레 며칠이야", "반말", "모레는 11월 23일 월요일이야."),
        ("어제 며칠이었어", "합쇼체", "어제는 11월 20일 금요일이었습니다."),
        ("내년 설날이 언제예요", "해요체", "설날은 2027년 2월 7일 일요일이에요."),
        ("크리스마스까지 며칠 남았어", "반말", "크리스마스까지 34일 남았어."),
        ("새해까지 몇 주 남았어", "해요체", "새해 첫날까지 5주 6일 남았어요."),
        ("12 곱하기 7은?", "해요체", "12 곱하기 7은 84예요."),
        ("2 더하기 1은?", "반말", "2 더하기 1은 3이야."),
        ("10 나누기 3은?", "합쇼체", "10 나누기 3은 약 3.33입니다."),
        ("80의 15퍼센트는 얼마야", "해요체", "80의 15 퍼센트는 12예요."),
        ("30평은 몇 제곱미터야", "해요체", "30평은 약 99.17제곱미터예요."),
        ("섭씨 25도를 화씨로 바꿔 줘", "반말", "섭씨 25도는 화씨 77도야."),
        ("3천을 말해", "해요체", None),
    ],
)
def test_korean_answers(text: str, level: KoreanLevel, expected: str | None) -> None:
    request_ = skill_request(text)
    found = answer(request_, voice("ko", level, NOW)) if request_ else None
    assert found == expected


def test_other_languages() -> None:
    assert said("What time is it?", "ja") == "今は午後10時15分です。"
    assert said("What time is it?", "zh") == "现在是下午10点15分。"
    assert said("how many days until christmas", "zh") == "离圣诞节还有34天。"
    assert said("What time is it?", "de") == "It is 10:15 PM."  # told as English
    assert voice("de", "해요체", NOW).language == "en"


def test_a_day_that_nobody_knows_is_left_to_the_model() -> None:
    assert said("what day is february 30", "en") is None
    assert said("what day is it in 9000000 days", "en") is None


def test_products_go_first() -> None:
    four = tuple(map(Fraction, (2, 3, 4, 5)))
    assert worked_out(Sum(four, ("+", "*", "-"))) == 9
    assert worked_out(Sum(four, ("*", "/", "+"))) == Fraction(13, 2)


@pytest.mark.parametrize("language", phrases.LANGUAGES)
def test_the_clock_all_day(language: str) -> None:
    said_ = {phrases.clock(NOW.replace(hour=hour, minute=30), language) for hour in range(24)}
    assert len(said_) == 24
    noon = phrases.clock(NOW.replace(hour=12, minute=0), language)
    assert noon != phrases.clock(NOW.replace(hour=0, minute=0), language)


@pytest.mark.parametrize(
    ("seconds_", "expected", "korean"),
    [
        (0.2, "1 second", "1초"),
        (60, "1 minute", "1분"),
        (90, "1 minute and 30 seconds", "1분 30초"),
        (599, "9 minutes and 59 seconds", "9분 59초"),
        (605, "10 minutes", "10분"),
        (3600, "1 hour", "1시간"),
        (7384, "2 hours and 3 minutes", "2시간 3분"),
    ],
)
def test_lengths_as_they_are_said(seconds_: float, expected: str, korean: str) -> None:
    assert phrases.duration(seconds_, "en") == expected
    assert phrases.duration(seconds_, "ko") == korean


@pytest.mark.parametrize(
    ("word", "closed", "open_", "expected"),
    [
        ("타이머", "을", "를", "를"),
        ("알람", "을", "를", "을"),
        ("10", "은", "는", "은"),
        ("2", "은", "는", "는"),
        ("3.5", "이에요", "예요", "예요"),
        ("1,000", "은", "는", "은"),
        ("일", "으로", "로", "로"),
        ("30분", "으로", "로", "으로"),
        ("tea", "을", "를", "를"),
        ("", "을", "를", "를"),
    ],
)
def test_particles(word: str, closed: str, open_: str, expected: str) -> None:
    assert phrases.fitting(word, closed, open_) == expected


def test_every_sentence_is_there_in_every_language() -> None:
    answers = phrases.read_answers()
    korean = answers["ko"]
    tables = [answers["en"], answers["ja"], answers["zh"]]
    tables += [korean[level] | {"words": korean["words"]} for level in ("해요체", "반말", "합쇼체")]
    for table in tables:
        assert table.keys() == answers["en"].keys()
        assert table["words"].keys() == answers["en"]["words"].keys()
        for category, text in table.items():
            if category != "words":
                assert _places(text) == _places(answers["en"][category]), text
    assert answers["feasts"].keys() == FEASTS.keys()
    measured = {key for key, unit in units.UNITS.items() if unit.kind != "heat"}
    assert answers["units"].keys() == measured


@pytest.mark.parametrize(
    ("language", "level"), [("en", "해요체"), ("ko", "해요체"), ("ko", "반말"), ("ko", "합쇼체")]
)
def test_the_screen_lets_every_sentence_pass(language: str, level: KoreanLevel) -> None:
    screen = SafetyScreen(SafetyConfig(), ToneConfig(korean_level=level))
    speaker = voice(language, level, NOW)
    answers = phrases.read_answers()[language]
    for category in answers if language == "en" else answers[level]:
        if category != "words":
            text = speaker.say(category, **SAID[language])
            assert screen.screen(Draft(text, language)).action == "pass", text
            assert not off_style(text, language, ToneConfig(korean_level=level)), text


def _places(text: str) -> set[str]:
    return set(re.findall(r"\{\w+\}", text))


def test_units_measure_the_same_both_ways() -> None:
    for source, one in units.UNITS.items():
        for target, other in units.UNITS.items():
            there = units.convert(Fraction(7), source, target)
            assert (there is None) == (one.kind != other.kind)
            if there is not None:
                assert units.convert(there, target, source) == 7
