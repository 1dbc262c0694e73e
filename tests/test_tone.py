"""The speech level of Korean sentences, and what is off style."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, get_args

import pytest

from robot_voice.config import ToneConfig
from robot_voice.safety.templates import KoreanLevel
from robot_voice.safety.tone import off_style, speech_level

SHARED = Path(os.environ.get("ROBOT_VOICE_SHARED", Path(__file__).parents[2] / "shared"))
LEVELS: tuple[KoreanLevel, ...] = get_args(KoreanLevel)

SENTENCES = {
    "해요체": """
        안녕하세요. | 오늘은 맑아요. | 세 시에 알람을 맞췄어요. | 문을 열까요? |
        잘 모르겠어요. | 그렇죠? | 조금만 기다려 주세요! | 어머니께서 오셨어요. |
        할아버지는 어디 가셨어요? | 저는 로봇이에요. | 제 이름은 누리예요. | 같이 가요. |
        정말 좋네요. | 그건 어려울 것 같은데요. | 지금 출발할게요. | 뭐 드실래요? |
        많이 힘드셨겠어요. | 천천히 하셔도 돼요. | 여기 앉으세요~ | 비가 오잖아요. |
        벌써 다 끝났거든요. | 그러게요. | 저요? | 진짜요? | 내일 만나요 😊 | 축하해요!! |
        아니에요. | 우유가 다 떨어졌군요. | 창문을 닫아 드릴게요. | 몇 시에 일어나실 거예요? |
        그랬나요? | 고마워요, 할머니. | 알겠어요, 민수 씨. | 네, 바로 켤게요. | 도와드릴까요…? |
        조심하셔야 해요. | 이거 얼마예요? | 재미있겠죠. | 안 돼요! | 괜찮아용 | 좋지요. |
        눈이 많이 왔더라고요. | 그런가요? | 걱정 마세요 ㅎㅎ | 물을 끓여요. |
        노래를 불러 볼까요? | 우리 같이 해 봐요. | 배고프시죠? | 제가 곁에 있을게요 ♥ |
        "안녕"이라고 했어요. | 3시 30분이에요.
    """,
    "합쇼체": """
        안녕하십니까? | 오늘은 맑습니다. | 저는 로봇입니다. | 무엇을 도와 드릴까 고민했습니다. |
        이쪽으로 오십시오. | 잠시만 기다려 주십시오. | 회의는 세 시입니다. | 식사하셨습니까? |
        감사합니다! | 그럼 시작합시다. | 그것은 제가 알지 못합니다. | 확인해 보겠습니다… |
        어디가 아프십니까? | 죄송합니다만. | 안녕히 가십시오. | 선생님께서 오셨습니다. |
        걱정하지 마십시오. | 맞습니까? | 알람을 껐습니다. | 고객님, 문이 열려 있습니다. |
        정말 훌륭하십니다 👏 | 그렇지 않습니다. | 말씀해 주시겠습니까? | 천천히 읽읍시다. |
        다시 한번 말씀드리겠습니다, 고객님. | 비가 올 듯합니다. | 고맙습니다~ |
        제가 하겠습니다. | 건강이 가장 중요합니다. | 조심하십시요.
    """,
    "반말": """
        뭐 해? | 오늘 날씨 좋네. | 나 배고파. | 같이 가자. | 이거 봐. | 문 좀 열어 줘. |
        내가 할게. | 그럴 거야. | 비 오잖아. | 정말 예뻐! | 잘했어. | 몰라. | 아니야. |
        그거 네 거야? | 얼른 와. | 밥 먹었어? | 그렇지? | 재미있군. | 벌써 왔구나. |
        천천히 해. | 안 돼! | 걱정하지 마. | 뛰지 마라. | 조용히 해라. | 어디 가냐? |
        뭐가 좋니? | 내일 볼까? | 내가 도와줄까? | 먼저 갈게~ | 같이 놀래? | 숙제는 다 했니? |
        할머니는 집에 계셔. | 그건 좀 어려워. | 고마워. | 미안해. | 사랑해 ♥ | 힘내! |
        내 말이 맞지? | 나도 알아. | 저기 앉아. | 여기 있어. | 문이 안 열려. | 더 기다려. |
        다 끝났어 ㅋㅋ | 조심해야 돼. | 너무 비싸. | 그게 더 나아 보여. | 이 노래 들어 봐. |
        어제 봤거든. | 눈이 오더라. | 그만 울어. | 이제 일어나. | 한번 먹어 봐 :) |
        나는 로봇이야. | 누구야? | 어때? | 왜 그래? | 너는 잘할 수 있다. | 우리 같이 만들자. |
        이리 와. | 이제 들어가. | 손 씻어. | 방이 너무 더워. | 그 책 재밌겠네. |
        우리 아기, 잘 자. | 잘 자, 민수야. | 많이 컸네! | 넌 참 착하구나. | 이해해. |
        말해 줄래? | 편하게 말하렴. | 문을 닫아라. | 그럴까? | 내가 미안하지. |
        벌써 아홉 시야. | 답은 하나야. | 많이 힘들었겠다. | 네 잘못이 아니란다. |
        소리가 나와. | 비가 쏟아지네.
    """,
    "": """
        네. | 응. | 음... | 우와! | 화이팅! | 세 시 반. | 물 한 잔. | 정답. |
        커피 한 잔과 우유. | 우리 동네. | 할머니! | 어머니? | 필요. | 불필요. | 아주 중요. |
        하얀 강아지. | 검은 바지. | 노란 모자. | 둥근 의자. | 혼자. | 사과와 배. | 나와 너. |
        비가 와서. | 배가 고파서, | 밥을 먹고. | 좋은데. | 그런데, | "배고파." | "어디 가?" |
        그가 말하길: | 내일 갈지도. | 그림을 위해. | 건강에 대해. | 지난해. | 큰 피해. |
        이제야. | 분야. | 꽃게. | 깨끗한 빨래. | 아메리카노 파워. | 따뜻한 샤워. | 나라. |
        바다. | 오늘은 비가 온다. | 하늘이 파랗다. | 그렇소. | 어서 가시오. | 자네 왔는가. |
        잘 가게. | 최선을 다함. | ㅋㅋㅋ | ??? | 😀 | 123 | okay | 하니까. | 아무나. | 누구나. |
        장군. | 공군. | 편지. | 반지. | 아버지. | 바로 가야. | 한국어. | 붕어. | 단어. | 영어. |
        양파. | 아빠. | 안내. | 격려. | 배려. | 참여. | 소녀. | 벌써. | 그로써. | 택시. |
        달러. | 오늘의 날씨. | 좋을 텐데. | 서울역에서. | 빨리. | 물론. | 역시. | 1번과 2번. |
        일찍 일어나야. | 넓은 베란다. | 시야. | 고려. | 화려.
    """,
}
TABLE = [
    (sentence.strip(), level)
    for level, sentences in SENTENCES.items()
    for sentence in sentences.split("|")
]


def test_the_table_is_large_and_says_nothing_twice() -> None:
    assert len(TABLE) >= 200
    assert len({sentence for sentence, _ in TABLE}) == len(TABLE)


@pytest.mark.parametrize(("sentence", "level"), TABLE)
def test_speech_levels(sentence: str, level: str) -> None:
    assert (speech_level(sentence) or "") == level


def test_decomposed_hangul_is_read_as_well() -> None:
    import unicodedata

    assert speech_level(unicodedata.normalize("NFD", "오늘은 맑습니다.")) == "합쇼체"


@pytest.mark.parametrize("text", ["", " ", "...", "요", "야", "다", "?", '"', "ㅎ", "\ud800"])
def test_what_has_no_ending_has_no_level(text: str) -> None:
    assert speech_level(text) is None


# --- off style -------------------------------------------------------------------


@pytest.mark.parametrize("wanted", LEVELS)
@pytest.mark.parametrize(("sentence", "level"), TABLE[::3])
def test_another_level_is_off_style(sentence: str, level: str, wanted: KoreanLevel) -> None:
    fault = off_style(sentence, "ko", ToneConfig(korean_level=wanted))
    if level in ("", wanted):
        assert fault == ""
    elif "안녕" not in sentence and (level, wanted) != ("합쇼체", "해요체"):
        assert fault == "level"


def test_polite_speech_bears_formal_statements_but_no_formal_questions() -> None:
    tone = ToneConfig(korean_level="해요체")
    for mixed in ("감사합니다.", "제가 하겠습니다.", "안녕하십니까?"):
        assert off_style(mixed, "ko", tone) == ""
    for formal in ("어디로 가십니까?", "이쪽으로 오십시오."):
        assert off_style(formal, "ko", tone) == "level"
    assert off_style("안녕하세요.", "ko", ToneConfig(korean_level="합쇼체")) == ""
    assert off_style("안녕하세요.", "ko", ToneConfig(korean_level="반말")) == "level"


def test_one_sentence_of_several_is_enough() -> None:
    assert off_style("알겠어요. 내가 할게! 기다려 주세요.", "ko", ToneConfig()) == "level"
    assert off_style("알겠어요. 3.5도예요! 기다려 주세요.", "ko", ToneConfig()) == ""


@pytest.mark.parametrize(("language", "word"), [("en", "word "), ("ko", "말을 "), ("de", "Wort ")])
def test_sentences_can_be_too_long_for_the_ear(language: str, word: str) -> None:
    lengths = []
    for detail in range(1, 6):
        tone = ToneConfig(detail=detail)
        most = max(n for n in range(200) if not off_style(word * n + ".", language, tone))
        assert off_style(word * (most + 1) + ".", language, tone) == "length"
        assert off_style((word * most).strip() + ". " + word * most, language, tone) == ""
        lengths.append(most)
    assert lengths == sorted(set(lengths))


@pytest.mark.parametrize(
    ("text", "formality", "fault"),
    [
        ("I don't know.", "formal", "formal"),
        ("It\u2019s three o'clock.", "formal", "formal"),
        ("Let's see.", "formal", "formal"),
        ("Yeah, sure.", "formal", "formal"),
        ("You are gonna love it.", "formal", "formal"),
        ("The dog's bowl is empty.", "formal", ""),
        ("It is three o'clock.", "formal", ""),
        ("I would be glad to help.", "formal", ""),
        ("Furthermore, the door is open.", "casual", "casual"),
        ("Please do not hesitate to ask.", "casual", "casual"),
        ("I regret to inform you that it is closed.", "casual", "casual"),
        ("Sure, it's open!", "casual", ""),
        ("It is raining, and I would take an umbrella.", "casual", ""),
        ("I don't know.", "polite", ""),
        ("Furthermore, the door is open.", "polite", ""),
    ],
)
def test_english_formality(text: str, formality: Any, fault: str) -> None:
    assert off_style(text, "en", ToneConfig(formality=formality)) == fault


def test_korean_small_talk_is_hardly_ever_off_style() -> None:
    file = SHARED / "safety" / "songys_reply.jsonl"
    if not file.is_file():
        pytest.skip(f"{file} is not there (set ROBOT_VOICE_SHARED)")
    texts = [json.loads(line)["text"] for line in file.read_text(encoding="utf-8").splitlines()]
    off = [text for text in texts if off_style(text, "ko", ToneConfig())]
    assert len(off) <= 0.01 * len(texts)
    # Nearly all of them are polite: a checker that sees no level would not notice 반말 either.
    assert sum(speech_level(text) is None for text in texts) <= 0.03 * len(texts)
