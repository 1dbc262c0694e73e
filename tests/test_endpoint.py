from __future__ import annotations

import random

import pytest

from robot_voice.types import Transcript
from robot_voice.vad.endpoint import LEAST, MOST, Dialogue, Patience, patience
from robot_voice.vad.numbers import dictated, is_whole

CONFIG = Patience(complete=0.4, unknown=0.7, unfinished=1.3, command=0.25)
ASKED = Dialogue(question=True)

# One sentence a piece; `|` parts them.
COMPLETE = {
    "en": 'Turn left. | What is your name? | I like pizza! | He said "hello." | What is that?'
    "| Yes, I am. | I think so. | Sit down, please. | Come in. | Turn it on. | See you then."
    "| When I was young, I lived in Paris. | When I was young I lived in Paris. | When is lunch?"
    "| I am twenty five. | I have two. | It weighs 3.5 kilos. | There are 1,000.",
    "ko": "안녕하세요 | 이름이 뭐야? | 불 켜 줘 | 앞으로 가 | 이리 와 | 나는 오늘 슬퍼요."
    "| 배고프다 | 밥 먹었니 | 비가 옵니까 | 무엇을 드시겠습니까? | 같이 놀자"
    "| 내일 갈게 | 가고 싶은데요 | 배가 고파서요 | 밥 먹고요 | 비가 오네 | 학교 갔거든",
    "ja": "こんにちは。 | お名前は何ですか | ありがとうございます | 行きました | 水が飲みたい"
    "| 来てください | お願いします | 行きましょう",
    "zh": "你叫什么名字？ | 你好吗 | 我很高兴。 | 好吧 | 谢谢 | 如果下雨，我就不去了",
    "de": "Wie geht es dir? | Das ist gut.",
    "es": "Buenos días.",
    "fr": "Il fait beau. | Quelle heure est-il.",
}
UNFINISHED = {
    "en": "turn left and | I want to | so, um | the | I like pizza, | well... | because."
    "| please | it is | I am like | um. | it's, uh | you know | Let me think. | I mean,"
    "| when I was young | When I was young. | Yes. If it rains tomorrow | and although he came"
    "| after we had dinner. | I'd like to | going to",
    "ko": "오늘 학교에 갔는데 | 말하며. | 불을 켜고 | 음 | 그래서 | 배가 고파서 | 나는 | 내가"
    "| 밥을 | 비가 오니까 | 그게… | 어 | 저기 | 학교에 가면 | 학교에 가면은 | 비가 오는데도"
    "| 공부하느라 | 어렸을 때 | 밥 먹기 전에 | 시간이 없었지만. | 선생님께서 | 만약에 내일 비가"
    "| 뭐랄까 | 친구한테 | 그 사람인데 | 예쁜데",
    "ja": "昨日学校に行って | えっと | それは | 雨だから | あのー | 子供の時 | 行ったけど | なんか",
    "zh": "因为 | 我想去， | 然后 | 嗯 | 那个 | 我想 | 小的时候 | 如果明天下雨 | 我在",
    "de": "ich möchte und | weil | ähm",
    "es": "quiero que | eh",
    "fr": "je veux le | euh",
}
UNKNOWN = {
    "en": "hello | turn left | next",
    "ko": "왼쪽 | 불 | 라면 | 최고 | 사이 | 선생님. | 최고. | 종류, 모양. | 왼쪽으로.",
    "ja": "東京 | もしもし | 三時 | 東京。",
    "zh": "北京",
    "sv": "hej",
}
DICTATED = {
    "en": "zero one zero | Zero, one, zero. | my number is 5 5 5 | my number is 555 | 010 1234"
    "| 010-1234. | the code is 1 2 | nine oh two one oh, | 555 123 | call 138 1234",
    "ko": "공일공 삼사 | 공일공 | 제 전화번호는 010 1234 | 비밀번호는 일이 | 공 일 공 일 이",
    "ja": "090-1234 | 電話番号は〇九〇",
    "zh": "我的号码是138 | 一三八一二三四 | 我的号码是一三八一二三四",
    "sv": "070 12",
}
DICTATED_WHOLE = {
    "en": "zero one zero one two three four five six seven eight | my number is 555 1234"
    "| my pin is 1 2 3 4. | 212 555 0199",
    "ko": "공일공 일이삼사 오육칠팔 | 제 번호는 010-1234-5678 | 비밀번호는 1 2 3 4",
    "ja": "090-1234-5678",
    "zh": "我的号码是13812345678",
}


def rows(*tables: tuple[dict[str, str], float]) -> list[tuple[str, str, float]]:
    return [
        (language, text.strip(), expected)
        for table, expected in tables
        for language, texts in table.items()
        for text in texts.split("|")
    ]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    rows(
        (COMPLETE, 0.4), (UNFINISHED, 1.3), (UNKNOWN, 0.7), (DICTATED, MOST), (DICTATED_WHOLE, 0.4)
    ),
)
def test_patience(language: str, text: str, expected: float) -> None:
    assert patience(Transcript(text, language), CONFIG) == expected


# After a question of the robot's.
ANSWERS = {
    "en": "yes | two | Anna | no thanks | because I like it. | not really",
    "ko": "네 | 서울 | 둘 | 집에 | 일곱 시까지 | 배가 고파서 | 왼쪽으로",
    "ja": "東京 | 学校で | 雨だから",
    "zh": "北京 | 两个",
    "sv": "hej",
}
NO_ANSWERS = {
    "en": "um | the | I want to | well,",
    "ko": "음 | 저는 | 그게… | 밥을 먹고",
    "ja": "えっと | それは",
    "zh": "嗯 | 因为",
}


@pytest.mark.parametrize(("language", "text", "expected"), rows((NO_ANSWERS, 1.3)))
def test_thinking_after_a_question_is_waited_for(language: str, text: str, expected: float) -> None:
    assert patience(Transcript(text, language), CONFIG, ASKED) == expected


@pytest.mark.parametrize(("language", "text", "expected"), rows((ANSWERS, 0.4)))
def test_a_short_answer_to_a_question_is_complete(
    language: str, text: str, expected: float
) -> None:
    assert patience(Transcript(text, language), CONFIG, ASKED) == expected


def test_a_long_answer_to_a_question_is_waited_for_less() -> None:
    said = Transcript("turn left at the old church", "en")
    assert CONFIG.complete < patience(said, CONFIG, ASKED) < patience(said, CONFIG)


def test_a_number_is_dictated_after_a_question_too() -> None:
    assert patience(Transcript("zero one zero", "en"), CONFIG, ASKED) == MOST


def test_a_known_command_has_the_shortest_patience() -> None:
    for finished in (None, 0.0, 1.0):
        dialogue = Dialogue(command=True, finished=finished)
        assert patience(Transcript("turn left", "en"), CONFIG, dialogue) == CONFIG.command
    shorter = Patience(command=0.1)
    assert patience(Transcript("stop", "en"), shorter, Dialogue(command=True)) == LEAST


def test_nothing_understood_is_unknown() -> None:
    assert patience(Transcript("", ""), CONFIG) == CONFIG.unknown
    assert patience(Transcript("", "en"), CONFIG, ASKED) == CONFIG.unknown


def test_the_sound_of_the_voice_sways_but_does_not_decide() -> None:
    def waits(text: str, finished: float | None) -> float:
        return patience(Transcript(text, "en"), CONFIG, Dialogue(finished=finished))

    for text in ("I like pizza.", "hello", "turn left and"):
        assert waits(text, 0.5) == waits(text, None)
        assert LEAST <= waits(text, 1.0) < waits(text, None) < waits(text, 0.0) <= MOST
    assert waits("turn left and", 1.0) > waits("I like pizza.", 0.0)


def test_an_owner_may_want_more_patience() -> None:
    slow = Patience(complete=0.6, unknown=1.0, unfinished=2.0)
    assert patience(Transcript("turn left and", "en"), slow) == 2.0


@pytest.mark.parametrize("seed", range(50))
def test_whatever_is_said_the_patience_is_within_bounds(seed: int) -> None:
    dice = random.Random(seed)
    letters = "abc dé 가나다고면서 行って了的 0123 .,!?…\"'-"
    for _ in range(40):
        text = "".join(dice.choice(letters) for _ in range(dice.randrange(12)))
        said = Transcript(text, dice.choice(["en", "ko", "ja", "zh", "de", "es", "fr", "xx", ""]))
        finished = dice.choice([None, dice.random()])
        dialogue = Dialogue(dice.random() < 0.2, dice.random() < 0.5, finished)
        assert LEAST <= patience(said, CONFIG, dialogue) <= MOST


@pytest.mark.parametrize(
    ("language", "text", "digits"),
    [
        ("en", "zero one zero", "010"),
        ("en", "my number is two", "2"),
        ("en", "i have two three", ""),
        ("en", "twenty five", ""),
        ("en", "in 2024", ""),
        ("en", "1,000", ""),
        ("ko", "공일공 삼사", "01034"),
        ("ko", "오이", ""),
        ("ko", "이십오", ""),
        ("zh", "三十二", ""),
        ("ja", "０９０", "090"),
    ],
)
def test_digits_are_found_where_they_are_dictated(language: str, text: str, digits: str) -> None:
    assert dictated(text, language) == digits


@pytest.mark.parametrize(
    ("digits", "text", "whole"),
    [
        ("01012345678", "", True),
        ("0101234567", "", False),
        ("0212345678", "", True),
        ("5551234", "", True),
        ("555123", "", False),
        ("13812345678", "", True),
        ("1381234567", "", False),
        ("1234", "my pin is 1234", True),
        ("123", "my pin is 123", False),
    ],
)
def test_how_long_numbers_are(digits: str, text: str, whole: bool) -> None:
    assert is_whole(digits, text) == whole
