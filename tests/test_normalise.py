"""Views of a text: what they undo, and that they know where everything came from."""

from __future__ import annotations

import random
import unicodedata

import pytest

from robot_voice import hangul
from robot_voice.safety.disguise import plain_letter
from robot_voice.safety.normalise import View, normalise
from robot_voice.traced import Traced

ZERO = "\u200b"


@pytest.mark.parametrize(
    ("text", "strict"),
    [
        ("Hello,  World", "hello, world"),
        ("Ｈｅｌｌｏ  \n ’you’", "hello 'you'"),
        ("다시 발표", "다시 발표"),
        (unicodedata.normalize("NFD", "다시 발표해요 é"), "다시 발표해요 é"),
        (f"in{ZERO}vis\u00adible", "invisible"),
        ("ㅋㅋㅋ ㅠㅠ", "ㅋㅋㅋ ㅠㅠ"),
        ("Straße", "strasse"),
        ("𝐛𝐨𝐥𝐝 ①", "bold 1"),
        ("  ", ""),
        ("", ""),
    ],
)
def test_strict_changes_what_nobody_would_notice(text: str, strict: str) -> None:
    assert normalise(text).strict == strict


# fmt: off
UNDONE = [
    ("b.a.d wo_rd", "bad word"), ("b a d", "bad"), ("[b][a][d]", "[bad]"), ("b🔥a🔥d", "bad"),
    ("b4d w0rd", "bad word"), ("b@d $eed", "bad seed"), ("baaaad", "bad"), ("bàď", "bad"),
    ("b̷̡a͟d̶", "bad"), ("ＢＡＤ", "bad"), ("ьаd", "ьad"), ("ʙᴀᴅ", "bad"), ("ᵇᵃᵈ", "bad"),
    ("🅱🅰🅳", "bad"), ("🇧🇦🇩", "bad"), ("ⓑⓐⓓ", "bad"), ("𝓫𝓪𝓭", "bad"), ("Ꭰad", "dad"),
    ("ㄴㅏㅁㅜ", "나무"), ("나ㅁㅜ", "나무"), ("나ㅏ무", "나무"), ("나무ㄹ", "나물"),
    ("나 무", "나무"), ("나.무", "나무"), ("나1무", "나무"), ("나x무", "나무"), ("나ㅋ무", "나무"),
    ("나아아무", "나무"), ("강앙산", "강산"), ("나나나나무", "나무"), ("ㄴl무", "니무"),
    ("ㄱㅗㅏㅇㅣㄹ", "과일"), ("ﾤￂﾱￓ", "나무"), ("ㄱㅏㄴㅏ ㄷㅏㄹㄱ", "가나 달ㄱ"),
]
# fmt: on


@pytest.mark.parametrize(("text", "loose"), UNDONE)
def test_loose_undoes_disguises(text: str, loose: str) -> None:
    assert normalise(text).loose == loose


@pytest.mark.parametrize(
    "text",
    [
        "다시 발을 들어 보세요.",
        "she'll go, and we'll see",
        "the glass and the bottle",
        "먹어 남아 벙어리장갑",
        "내일 아침 7시에 깨워 드릴까요?",
    ],
)
def test_loose_leaves_plain_text_alone(text: str) -> None:
    assert normalise(text).loose == text


def test_signs_are_letters_or_nothing() -> None:
    views = normalise("b@ad f1oo")
    assert views.loose == "baad fioo"
    assert views.trace("bare").text == "bad foo"
    plain = normalise("no sign")
    assert plain.trace("bare") is plain.trace("loose")


@pytest.mark.parametrize(
    ("text", "view", "word", "original"),
    [
        ("Oh, f.u.n times", "loose", "fun", "f.u.n"),
        ("아 ㄴㅏㅁㅜ야", "loose", "나무", "ㄴㅏㅁㅜ"),
        (f"  a  Bi{ZERO}rd  ", "strict", "bird", f"Bi{ZERO}rd"),
        ("x Straße y", "strict", "strasse", "Straße"),
        ("my h@nd", "loose", "hand", "h@nd"),
        ("my h@and", "bare", "hand", "h@and"),
        (
            unicodedata.normalize("NFD", "큰 나무"),
            "strict",
            "나무",
            unicodedata.normalize("NFD", "나무"),
        ),
    ],
)
def test_spans_point_into_the_original(text: str, view: View, word: str, original: str) -> None:
    views = normalise(text)
    at = views.trace(view).text.index(word)
    first, last = views.span(view, at, at + len(word))
    assert text[first:last] == original


def test_empty_spans_are_empty() -> None:
    views = normalise("abc")
    assert views.span("strict", 1, 1) == (1, 1)
    assert views.span("strict", 9, 12) == (3, 3)
    assert normalise("").span("loose", 0, 0) == (0, 0)


def test_any_text_keeps_its_order() -> None:
    dice = random.Random(3)
    ranges = [(0x20, 0x7E), (0xC0, 0x24F), (0x300, 0x36F), (0x400, 0x4FF), (0x1100, 0x11FF)]
    ranges += [(0x3130, 0x318F), (0xAC00, 0xD7A3), (0xFF00, 0xFFEF), (0x1F1E6, 0x1F64F)]
    for _ in range(600):
        parts = [chr(dice.randint(*dice.choice(ranges))) for _ in range(dice.randint(0, 30))]
        views = normalise(" ".join(parts) if dice.random() < 0.3 else "".join(parts))
        for trace in (views.strict_trace, views.loose_trace, views.bare_trace):
            assert len(trace.text) == len(trace.starts) == len(trace.ends)
            assert list(trace.starts) == sorted(trace.starts)
            pairs = zip(trace.starts, trace.ends, strict=True)
            assert all(0 <= a < b <= len(views.raw) for a, b in pairs)


def test_letters_of_hangul() -> None:
    assert hangul.apart("값") == ("ㄱ", "ㅏ", "ㅄ")
    assert hangul.together("ㄱ", "ㅏ", "ㅄ") == "값"
    assert hangul.letters("한글 a") == "ㅎㅏㄴㄱㅡㄹ a"
    assert hangul.typed("안녕 쌀") == "dkssud tkf"
    with pytest.raises(ValueError, match="substring"):
        hangul.together("ㅏ", "ㅏ")


def test_every_syllable_goes_apart_and_together() -> None:
    for code in range(0xAC00, 0xD7A4, 7):
        assert hangul.together(*hangul.apart(chr(code))) == chr(code)


@pytest.mark.parametrize(
    ("char", "letter"), [("đ", "d"), ("ø", "o"), ("а", "a"), ("中", "中"), ("ñ", "n")]
)
def test_letters_that_pass_for_others(char: str, letter: str) -> None:
    assert plain_letter(char) == letter


def test_a_trace_without_change_is_itself() -> None:
    trace = Traced.of("abc")
    assert trace.strip() is trace
    assert Traced.of(" a ").strip().starts[0] == 1
