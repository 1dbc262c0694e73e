from __future__ import annotations

import pytest

from robot_voice.types import Transcript
from robot_voice.vad.endpoint import Patience, patience

CONFIG = Patience(complete=0.4, unknown=0.7, unfinished=1.3)

# One sentence a line; `|` parts them.
COMPLETE = {
    "en": 'Turn left. | What is your name? | I like pizza! | He said "hello." | What is that?'
    "| Yes, I am. | I think so. | Sit down, please. | Come in. | Turn it on. | See you then.",
    "ko": "안녕하세요 | 이름이 뭐야? | 불 켜 줘 | 앞으로 가 | 이리 와 | 나는 오늘 슬퍼요."
    "| 배고프다 | 왼쪽으로. | 밥 먹었니 | 비가 옵니까 | 무엇을 드시겠습니까? | 같이 놀자"
    "| 내일 갈게",
    "ja": "こんにちは。 | お名前は何ですか | ありがとうございます | 行きました",
    "zh": "你叫什么名字？ | 你好吗 | 我很高兴。 | 好吧",
    "de": "Wie geht es dir? | Das ist gut.",
}
UNFINISHED = {
    "en": "turn left and | I want to | so, um | the | I like pizza, | well... | because."
    "| please | it is",
    "ko": "오늘 학교에 갔는데 | 불을 켜고 | 음 | 그래서 | 배가 고파서 | 나는"
    "| 밥을 | 비가 오니까 | 그게…",
    "ja": "昨日学校に行って | えっと | それは | 雨だから",
    "zh": "因为 | 我想去， | 然后 | 嗯",
    "de": "ich möchte und | weil",
}
UNKNOWN = {"en": "hello | turn left", "ko": "왼쪽 | 불", "ja": "東京", "zh": "北京", "sv": "hej"}


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        (language, text, expected)
        for table, expected in ((COMPLETE, 0.4), (UNFINISHED, 1.3), (UNKNOWN, 0.7))
        for language, texts in table.items()
        for text in texts.split("|")
    ],
)
def test_patience(language: str, text: str, expected: float) -> None:
    assert patience(Transcript(text, language), CONFIG) == expected


def test_a_known_command_is_complete() -> None:
    assert patience(Transcript("turn left", "en"), CONFIG, command=True) == CONFIG.complete


def test_nothing_understood_is_unknown() -> None:
    assert patience(Transcript("", ""), CONFIG) == CONFIG.unknown
