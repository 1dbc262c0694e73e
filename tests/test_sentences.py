"""Tokens in, sentences out."""

from __future__ import annotations

import random

import pytest

from robot_voice.tts.graphemes import last_cut, may_cut
from robot_voice.tts.sentences import SentenceSplitter

NEVER = 10_000


def split(text: str, language: str = "en", **options: int) -> list[str]:
    """Sentences of ``text``, without the early first clause unless asked for."""
    splitter = SentenceSplitter(language, **{"first_clause_chars": NEVER, **options})
    return [*splitter.push(text), *splitter.flush()]


def squeezed(text: str) -> str:
    return "".join(text.split())


SENTENCES = {
    "en": [
        ["Hello!", "How are you?", "I am fine."],
        ["Dr. Kim met Mr. Lee.", "They talked."],
        ["It costs 3.5 dollars.", "That is 1,000.50 in all."],
        ["Use fruit, e.g. apples, i.e. food.", "Good."],
        ["Bring milk, eggs, etc. and bread.", "Bring milk, etc.", "Then rest."],
        ["See you at 3 p.m. today.", "It is 10:30 a.m.", "We leave."],
        ["Look at https://example.com/a.b?c=1 now.", "Or www.example.org."],
        ["Well... maybe.", "Hmm…", "Yes."],
        ['He said "Stop!" and left.', '"Stop."', "Then he left."],
        ["(It is late.)", "Good night."],
        ["1. Open the door.", "2. Close it."],
        ["Was it No. 5?", "I said no.", "Really."],
        ["J. Smith lives in the U.S. today.", "So do I.", "Fine."],
        ["What?!", "No way!!", "OK."],
        ["Great!😊", "How are you?"],
        ["**Hello.**", "Bye."],
        ["Yes!No?Well."[:4], "No?", "Well."],
    ],
    "ko": [
        ["안녕하세요.", "저는 누리예요."],
        ["네.", "알겠어요!", "지금 갈까요?"],
        ["날짜는 2024. 5. 3. 금요일이에요.", "네."],
        ["온도는 3.5도예요.", "가격은 1,000원이에요."],
        ["그렇군요...", "괜찮아요."],
        ["'고마워.'", "라는 뜻이에요."],
        ["Dr. 김 선생님이 왔어요.", "반가워요."],
    ],
    "ja": [
        ["こんにちは。", "元気ですか？", "はい！"],
        ["彼は「はい。」と言いました。", "終わり。"],
        ["「はい。」", "彼は帰った。"],
        ["えっと…そうですね。", "３．５度です。"],
        ["すごい!", "本当?", "はい。"],
    ],
    "zh": [
        ["你好。", "你吃饭了吗？", "我很好！"],
        ["他说：“好。”", "然后走了。"],
        ["价格是3.5元。", "谢谢……再见。"],
    ],
    "de": [
        ["Wir sehen uns am 3. Mai.", "Bis dann."],
        ["Das ist z. B. hier, d.h. da, bzw. dort.", "Gut."],
        ["Obst, Brot usw. kaufe ich.", "Obst, Brot usw.", "Dann gehe ich."],
        ["Es war 1995.", "Danach kam Dr. Maier um 15.30 Uhr.", "Schön."],
    ],
    "es": [
        ["¿Cómo está Ud. hoy?", "¡Muy bien!", "Gracias."],
        ["El Sr. Pérez y la Sra. Gil llegan.", "Cuesta 3.5 euros."],
        ["Vive en EE.UU. ahora.", "Sí."],
    ],
}


@pytest.mark.parametrize(
    ("language", "sentences"), [(la, s) for la, many in SENTENCES.items() for s in many]
)
def test_sentences(language: str, sentences: list[str]) -> None:
    assert split(" ".join(sentences), language) == sentences


@pytest.mark.parametrize("language", ["ja", "zh"])
def test_no_space_after_a_stop(language: str) -> None:
    for sentences in SENTENCES[language]:
        assert split("".join(sentences), language) == sentences


def test_korean_without_spaces_after_a_stop() -> None:
    assert split("안녕하세요.저는 누리예요.", "ko") == ["안녕하세요.", "저는 누리예요."]


def test_lines_and_bullets() -> None:
    text = "Here you are:\n- one apple\n* two. 5 pears\n\nEnjoy"
    assert split(text) == ["Here you are:", "- one apple", "* two.", "5 pears", "Enjoy"]


def test_a_sentence_leaves_before_the_next_is_there() -> None:
    splitter = SentenceSplitter()
    assert list(splitter.push("I am here.")) == []
    assert list(splitter.push(" ")) == ["I am here."]
    splitter = SentenceSplitter("ja")
    assert list(splitter.push("はい。")) == []
    assert list(splitter.push("次")) == ["はい。"]


def test_a_number_waits_for_its_decimals() -> None:
    splitter = SentenceSplitter()
    assert list(splitter.push("It is 3.")) == []
    assert list(splitter.push("5 now. ")) == ["It is 3.5 now."]


@pytest.mark.parametrize(
    ("language", "text", "first"),
    [
        ("en", "If you like I can do it, and then we rest, and so on.", "If you like I can do it,"),
        ("en", "I would really like to come but I am a robot.", "I would really like to come"),
        ("en", "Yes, I can. Good.", "Yes, I can."),
        ("ko", "가고 싶지만 지금은 어려워요.", "가고 싶지만 지금은 어려워요."),
        ("ko", "저도 정말로 그렇게 하고 싶지만 어려워요.", "저도 정말로 그렇게 하고 싶지만"),
        ("ja", "今日はとてもいい天気ですから、行きましょう。", "今日はとてもいい天気ですから、"),
        ("zh", "如果你今天觉得有一点点累了，就休息吧。", "如果你今天觉得有一点点累了，"),
        ("de", "Ich glaube dir das gerne, aber ich bin müde.", "Ich glaube dir das gerne,"),
    ],
)  # fmt: skip
def test_the_first_clause_is_early(language: str, text: str, first: str) -> None:
    assert split(text, language, first_clause_chars=24)[0] == first


def test_only_the_first_clause_is_early() -> None:
    splitter = SentenceSplitter(first_clause_chars=10)
    text = "Well now then, this is good, that too. And here it is, as it was, once more. "
    once = ["Well now then,", "this is good, that too.", "And here it is, as it was, once more."]
    assert list(splitter.push(text)) == once
    assert list(splitter.flush()) == []
    assert list(splitter.push(text)) == once  # another reply


def test_a_long_run_is_cut_at_spaces() -> None:
    pieces = split("word " * 200, max_chars=50)
    assert all(len(piece) <= 50 for piece in pieces)
    assert set(" ".join(pieces).split()) == {"word"}


FAMILY = "👨\u200d👩\u200d👧"
SYLLABLE = "\u1112\u1161\u11ab"
"""한, as three letters."""


@pytest.mark.parametrize("unit", ["x", "가", "漢", "e\u0301", FAMILY, "🇰🇷", SYLLABLE])
def test_ten_thousand_characters_without_a_space_are_bounded(unit: str) -> None:
    text = unit * (10_000 // len(unit))
    pieces = split(text, max_chars=100)
    assert "".join(pieces) == text
    assert max(map(len, pieces)) <= 100
    assert all(len(piece) % len(unit) == 0 for piece in pieces)


def test_marks_without_end_are_bounded() -> None:
    pieces = split("e" + "\u0301" * 10_000, max_chars=100)
    assert max(map(len, pieces)) <= 100
    assert sum(map(len, pieces)) == 10_001


def test_graphemes_stay_whole() -> None:
    assert [at for at in range(1, 6) if may_cut("🇰🇷🇯🇵ab", at)] == [2, 4, 5]
    assert not may_cut("👍\U0001f3fd", 1)
    assert not may_cut("\ud83d\ude00", 1)
    assert not may_cut("가\u11a8", 1)
    assert may_cut("각가", 1)
    assert last_cut("ab\u0301") == 1
    assert last_cut("a") == 0


# fmt: off
MARKS = ["\n", "\n\n- ", "  ", " ", ".", "…", "...", "3", ".5", ",", ", ", "、", "「", "」", '"',
         ") ", "é", "e\u0301", "Dr. ", "z. B. ", "!", "?", "。", "\t", "\u00a0", "\ud800", "I. ",
         "지만 ", " but "]
# fmt: on
LONG = ["x" * 70, "漢" * 70, FAMILY, SYLLABLE, "🇰🇷"]
PIECES = [piece for many in SENTENCES.values() for group in many for piece in group] + MARKS + LONG


@pytest.mark.parametrize("seed", range(300))
def test_nothing_is_lost_and_tokens_do_not_matter(seed: int) -> None:
    dice = random.Random(seed)
    text = "".join(dice.choice(PIECES) for _ in range(dice.randint(1, 60)))
    language = dice.choice(["en", "ko", "ja", "zh", "de", "es", "fr"])
    options = {
        "max_chars": dice.choice([1, 7, 40, 120]),
        "first_clause_chars": dice.choice([4, 24]),
    }
    whole = split(text, language, **options)
    assert squeezed("".join(whole)) == squeezed(text)
    assert all(piece == piece.strip() and piece for piece in whole)
    assert max(map(len, whole), default=0) <= options["max_chars"] + 1

    splitter = SentenceSplitter(language, **options)
    dealt: list[str] = []
    at = 0
    while at < len(text):
        size = dice.choice([1, 1, 2, 3, 5, 20])
        dealt += splitter.push(text[at : at + size])
        at += size
    assert [*dealt, *splitter.flush()] == whole
