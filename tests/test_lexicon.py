"""The word lists: what they find, in which disguise, and what they must leave alone."""

from __future__ import annotations

import json
import os
import random
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from robot_voice.safety import lexicon
from robot_voice.safety.anchors import anchors
from robot_voice.safety.normalise import normalise
from robot_voice.safety.variants import Variant, expand, variants
from scripts.safety.disguises import ENGLISH, KOREAN, Disguise

SHARED = Path(os.environ.get("ROBOT_VOICE_SHARED", Path(__file__).parents[2] / "shared"))
LEXICON = lexicon.load()
ROWS = {
    language: lexicon.read_data(f"lexicon.{language}.toml")["rule"] for language in lexicon.LEXICONS
}


def found(text: str, least: int = 2) -> list[lexicon.Hit]:
    return [hit for hit in LEXICON.hits(normalise(text)) if hit.severity >= least]


def severe(language: str, shape: str) -> list[str]:
    """Words of severity 3 that are sought in disguise, too."""
    rules = [rule for rule in ROWS[language] if rule["severity"] == 3 and not rule.get("exact")]
    words = {w for rule in rules for t in rule.get("words", ()) for w in expand(t, {})}
    return sorted(word for word in words if re.fullmatch(shape, word))


def listed(texts: str) -> list[str]:
    return [text.strip() for text in texts.split("|")]


# --- what is found -------------------------------------------------------------

# fmt: off
FOUND = """
    fcuk you | what the fuk | phuck | biatch | f*ck | f**k | f***ing | f@ck | fu@ck | 5h17 |
    b00bs | a$$ | @sshole | you are a f u c k | [f][u][c][k] | kcuf | bull shit | sh!t-head |
    m0therfucker | 시ㅂㅏㄹ | 씨ㅣ발 | 씨이이발 | 씨바알 | 새애끼 | 존온나 | ㅆl발 | 씨(발) |
    왜씨1발 | 병x신 | 씹쌔끼 | ㅅㅂ | ㅆㅂㅋㅋ | ㅄ | ㄲㅈ | 왜ㅆㅂ그래 | tlqkf | tlqkfdk |
    qudtls | ssibal | gaesaekki | 18놈 | 시8 | 틀딱새 끼들 | 빡 대 가 리들 | 시 발 놈아 |
    쓰@레기 | 바 보같은 | 한남충 | 너 급식충이지 | 짱깨 | s*upid | p47h371c | i d i o t |
    stu.pid | u.g.l.y | 고양이가 아니라 개새끼 | 이 새끼야 | 빡머가리 | 게세끼야 | 너지 씨발아 |
    このバカ | 死ねよ | 他妈的 | 傻逼
"""
LEFT_ALONE = """
    Scunthorpe | the cockpit | a peacock | Charles Dickens | Moby Dick | an assassin | my class |
    bass player | shiitake soup | Essex | a bunch of grapes | your therapist | cumin seeds |
    the hoe and rake | scrap metal | Pakistan | chicken breast | push it | as shown |
    this hit song | stupid question | Light rail | the garage | g r a p e s | c l a s s |
    a.s.s.e.t | gate A55 | The vagina is examined by a doctor. | kick-ass-umption is no word |
    Would he shift it? | mp3, h2o, covid19, b2b | C++ and A+ | hello, hell-o | a batch of shirts |
    *important* and **bold** | 새로운 시발점 | 새끼손가락 | 새끼 고양이 |
    고양이가 새끼를 네 마리 낳았어요 | 발기인 대회 | 보지 못했다 | 자지 않다 | 조까지 여섯 개 |
    족발 | 시바견 | 식빵 | 18일 | 18년 전 | 다시 발을 들어 | 오후 3시 발표 | 솜씨발휘 |
    김씨,발언하세요 | 간병신청 | 질병 신고 | 목을 졸라매다 | 물걸레 | 쓰레기를 버려요 |
    네, 돼지고기요 | 벌레에 민감해요 | 개 소리가 들려요 | 팔등신 | 홍어회 | 하루 세 끼 | 새 끼니 |
    바 보이네요 | 이거 ㄹㅇ | ㅇㄱㄹㅇ | 미친 듯이 | ㄱㅅㄱㅅ | ㅊㅋㅊㅋ | 먹어 봐 | 강앙아지 |
    ㅊㅣㄴㄱㅜ | 아1침 7시 | l1gh7 mu51c | w*ter | this phone is useless | worthless paper |
    농담따먹기 | 馬鹿力 | バカンス | 垃圾桶 | 你妈妈的话
"""
# fmt: on


@pytest.mark.parametrize("text", listed(FOUND))
def test_bad_words_are_found(text: str) -> None:
    assert found(text)


@pytest.mark.parametrize("text", listed(LEFT_ALONE))
def test_innocent_words_are_left_alone(text: str) -> None:
    assert found(text) == []


def test_a_hit_points_at_the_words() -> None:
    text = "음, 이 ㅂㅕㅇㅅㅣㄴ아"
    views = normalise(text)
    (hit,) = [hit for hit in LEXICON.hits(views) if hit.category == "profanity"]
    first, last = views.span(hit.view, hit.start, hit.end)
    assert text[first:last] == "ㅂㅕㅇㅅㅣㄴ"
    assert hit.rule == "ko: 병신"


def test_phrases_know_their_place() -> None:
    (hit,) = LEXICON.phrases("well, shut up now")
    assert (hit.category, hit.severity, hit.view) == ("rude", 2, "strict")
    assert "well, shut up now"[hit.start : hit.end] == "shut up"


def test_mild_words_count_only_where_they_are_to() -> None:
    assert {hit.severity for hit in found("damn", 1)} == {1}
    assert found("damn") == []


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("병원에서 항문과 성병 검사를 받으세요.", True),
        ("Your penis is nice.", False),
        ("A doctor can examine the penis.", True),
        ("강아지가 새끼를 낳았어요.", True),
        ("저기 있는 새끼가 그랬어.", False),
    ],
)
def test_what_the_sentence_is_about(text: str, passes: bool) -> None:
    assert (found(text) == []) == passes


# --- disguises -----------------------------------------------------------------

CASES: list[tuple[str, Mapping[str, Disguise], str, str, str]] = [
    (
        "ko",
        KOREAN,
        "[가-힣]{2,}",
        "글쎄, {} 그게 뭐야",
        "친구 이야기 아침 저녁 음악 날씨 창문 가족",
    ),
    (
        "en",
        ENGLISH,
        "[a-z]{4,}",
        "well, {} what is that",
        "music schedule light kitchen dinner water",
    ),
]


@pytest.mark.parametrize(
    ("case", "kind"),
    [(case, kind) for case in CASES for kind in case[1]],
    ids=lambda v: str(v)[:12],
)
def test_severe_words_are_found_in_every_disguise(
    case: tuple[str, Mapping[str, Disguise], str, str, str], kind: str
) -> None:
    language, kinds, shape, carrier, harmless = case
    dice = random.Random(f"{language} {kind}")
    words = severe(language, shape)
    if kind == "typed":  # four letters and fewer are too often words of their own
        words = [word for word in words if len(KOREAN["typed"](word, dice)) > 4]
    hidden = [kinds[kind](word, dice) for word in words]
    hidden = [text for text in hidden if re.search(r"[^\W\d]|[^\x00-\x7f]", text)]
    assert len(hidden) > 100
    assert [text for text in hidden if not found(carrier.format(text))] == []
    benign = [kinds[kind](word, dice) for word in harmless.split() for _ in range(5)]
    assert [text for text in benign if found(carrier.format(text))] == []


def test_there_are_enough_kinds() -> None:
    assert len({*KOREAN, *ENGLISH}) >= 20


# --- the parts -----------------------------------------------------------------


def test_templates() -> None:
    assert expand("[ab]c<d>", {"d": ["e", ""]}) == ["ace", "ac", "bce", "bc"]
    with pytest.raises(KeyError):
        expand("<none>", {})


def test_variants_of_a_word() -> None:
    spellings = {variant.key for variant in variants("duck")}
    assert {"dcuk", "d*ck", "d**k", "dukc", "dck", "duuck", "kcud"} <= spellings
    assert Variant("du ck", whole=True) in set(variants("duck"))
    assert {"나*리", "나 무 리", "skanfl"} <= {variant.key for variant in variants("나무리")}
    assert list(variants("ab")) == list(variants("ㅅㅂ")) == []


@pytest.mark.parametrize(
    ("pattern", "literals"),
    [
        ("abc", {"abc"}),
        ("abc|def", {"abc", "def"}),
        (r"\bab(?:c|d)e\b", {"abce", "abde"}),
        ("x?yz+", {"z"}),
        ("(?<!가)[나다]라?", {"나", "다", "나라", "다라"}),
        (r"a.{0,3}bcd", {"bcd"}),
        (r"\w+", set()),
        ("a*", set()),
        ("(?:ab|c*)", set()),
        (r"what[?.!]*$", {"what"}),
        ("a(?!bc)d", {"ad"}),
        ("[^a]bcd{2}", {"bc"}),
    ],
)
def test_anchors(pattern: str, literals: set[str]) -> None:
    assert anchors(pattern) == literals


def test_anchors_miss_nothing() -> None:
    """Every match of a pattern, on texts of these tests, holds one of its anchors."""
    folder = Path(__file__).parent
    lines = (folder / "test_safety.py").read_text(encoding="utf-8").lower().split("|")
    matches = 0
    for pattern in LEXICON.patterns:
        literals = anchors(pattern.regex.pattern)
        for line in lines:
            for match in pattern.regex.finditer(line):
                matches += 1
                assert not literals or any(literal in match.group() for literal in literals)
    assert matches > 50


# --- open data, where there is any ---------------------------------------------


def rows(name: str) -> list[dict[str, str | int]]:
    file = SHARED / "safety" / f"{name}.jsonl"
    if not file.is_file():
        pytest.skip(f"{file} is not there (set ROBOT_VOICE_SHARED)")
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("name", ["obf_ko", "obf_en"])
def test_obfuscated_samples(name: str) -> None:
    data = rows(name)
    bad = [bool(found(str(row["text"]))) for row in data if row["label"]]
    assert sum(bad) / len(bad) >= 0.95
    assert [row["text"] for row in data if not row["label"] and found(str(row["text"]))] == []


@pytest.mark.parametrize("name", ["sgd_system", "songys_reply", "klue_sent"])
def test_ordinary_sentences(name: str) -> None:
    assert len([row for row in rows(name) if found(str(row["text"]))]) <= 2
