"""What becomes of a sentence: the table, the rules of context, and failures, which are silence."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import cast

import pytest

from robot_voice.config import ToneConfig
from robot_voice.errors import SafetyError
from robot_voice.safety import SafetyScreen, heads, lexicon, templates
from robot_voice.safety.patterns import found
from robot_voice.safety.policy import JUDGE_SURE, MAX_CHARS, Outcome, Verdict, judge, settle
from robot_voice.safety.reading import read
from robot_voice.safety.rules import STEPS, Limits, Rules, one_step_up, rules
from robot_voice.safety_config import PolicyConfig, SafetyConfig
from robot_voice.types import Draft
from robot_voice.worker import Worker

from .fakes import FakeHeads

STANDARD = rules("standard")
GRAVITY: dict[Outcome, int] = {"pass": 0, "gray": 1, "soften": 2, "replace": 3, "crisis": 4}
DATA = Path(lexicon.__file__).with_name("data")

Scored = Callable[..., None]


@pytest.fixture
def scored(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scored]:
    """Gives the heads of all languages these probabilities."""

    def give(**scores: float) -> None:
        monkeypatch.setattr(heads, "load", lambda language: FakeHeads(scores=scores))
        read.cache_clear()

    yield give
    monkeypatch.undo()
    read.cache_clear()


def settled(draft: Draft, row: Rules, unkind: float | None = None) -> Outcome:
    return settle(judge(draft, row), row, unkind).action


def own_sentences(number: int) -> list[Draft]:
    """So many of our own, hurtful and benign, of both languages; always the same."""
    drafts = []
    for language in ("en", "ko"):
        lines = (DATA / f"replies.{language}.tsv").read_text("utf-8").splitlines()[1:]
        drafts += [Draft(line.split("\t")[3], language) for line in lines]
    return random.Random(5).sample(drafts, number)


# --- doubt ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("category", "score", "unkind", "action"),
    [
        ("hurt", STANDARD.hurt.doubt, None, "pass"),
        ("hurt", STANDARD.hurt.middle, None, "soften"),
        ("toxic", STANDARD.toxic.middle - 0.01, None, "pass"),
        ("toxic", STANDARD.toxic.middle, None, "soften"),
        ("context", STANDARD.context.middle - 0.01, None, "pass"),
        ("context", STANDARD.context.middle, None, "soften"),
        ("out_of_place", STANDARD.context.middle, None, "soften"),
        ("hurt", STANDARD.hurt.doubt, JUDGE_SURE, "soften"),
        ("hurt", STANDARD.hurt.doubt, 1.0, "soften"),
        ("hurt", STANDARD.hurt.block, JUDGE_SURE - 0.01, "pass"),
        ("context", STANDARD.context.block, 0.0, "pass"),
    ],
)
def test_the_end_of_doubt(
    category: str, score: float, unkind: float | None, action: Outcome
) -> None:
    doubtful = Verdict("gray", category, "hurt", score=score)
    assert settle(doubtful, STANDARD, unkind).action == action


@pytest.mark.parametrize("action", ["pass", "soften", "replace", "crisis"])
@pytest.mark.parametrize("unkind", [None, 0.0, 1.0])
def test_only_doubt_is_settled(action: Outcome, unkind: float | None) -> None:
    verdict = Verdict(action, "hurt", "hurt", score=0.5)
    assert settle(verdict, STANDARD, unkind) is verdict


@pytest.mark.parametrize(
    ("opinion", "rewrites", "action"),
    [
        (0.9, True, "soften"),
        (0.9, False, "replace"),
        (0.1, True, "pass"),
        (None, True, "soften"),
        (None, False, "replace"),
    ],
)
def test_the_judge_is_asked_in_doubt_only(
    opinion: float | None, rewrites: bool, action: str, scored: Scored
) -> None:
    asked: list[Draft] = []

    def unkind(draft: Draft) -> float | None:
        asked.append(draft)
        return opinion

    scored()
    screen = SafetyScreen(SafetyConfig(), judge=unkind, rewrites=rewrites)
    assert not asked
    scored(hurt=STANDARD.hurt.middle + 0.01)
    draft = Draft("That is one way to see it.", "en")
    said = screen.screen(draft)
    assert (said.action, asked) == (action, [draft])
    assert (said.text == draft.text) == (action == "pass")
    for sure in (STANDARD.hurt.doubt - 0.01, STANDARD.hurt.block + 0.01):
        scored(hurt=sure)
        screen.screen(draft)
    assert asked == [draft]


def test_what_nobody_can_judge_is_shown_as_doubtful_and_said(scored: Scored) -> None:
    screen = SafetyScreen(SafetyConfig(), rewrites=True)
    scored(hurt=STANDARD.hurt.doubt + 0.01)
    draft = Draft("That is one way to see it.", "en")
    assert screen.examine(draft).action == "gray"
    assert screen.screen(draft).action == "pass"


def test_a_judge_that_breaks_lets_nothing_pass(scored: Scored) -> None:
    def broken(draft: Draft) -> float | None:
        raise RuntimeError("broken")

    scored()
    screen = SafetyScreen(SafetyConfig(), judge=broken)
    scored(hurt=STANDARD.hurt.doubt + 0.01)
    with pytest.raises(SafetyError):
        asyncio.run(called(partial(screen.screen, Draft("As you like.", "en"))))


def test_the_graver_of_two_doubts_counts(scored: Scored) -> None:
    doubts = {"toxic": STANDARD.toxic.doubt, "hurt": STANDARD.hurt.block - 0.01}
    scored(hurt=doubts["hurt"])
    assert settled(Draft("As you like.", "en"), STANDARD) == "soften"
    scored(**doubts)  # more doubt is not less
    assert settled(Draft("As you like.", "en"), STANDARD) == "soften"


# --- the table -----------------------------------------------------------------


def stricter_or_equal(one: Rules, other: Rules) -> bool:
    return one.stricter(other) == one


def test_each_step_up_is_stricter() -> None:
    assert STEPS == ("standard", "high", "child")
    assert [one_step_up(step) for step in STEPS] == ["high", "child", "child"]
    for step in STEPS:
        assert stricter_or_equal(rules(one_step_up(step)), rules(step))
        for limits in (rules(step).toxic, rules(step).hurt, rules(step).context):
            assert 0 < limits.doubt <= limits.middle <= limits.block < 1
            assert limits.middle <= rules("standard").context.middle
    assert len({rules(step) for step in STEPS}) == 3


@pytest.mark.parametrize("unkind", [None, 0.0, 1.0])
def test_what_a_strict_row_lets_pass_a_laxer_one_does(unkind: float | None) -> None:
    wrong = []
    for draft in own_sentences(300):
        lax, high, child = (GRAVITY[settled(draft, rules(step), unkind)] for step in STEPS)
        if not lax <= high <= child:
            wrong.append((draft.text, lax, high, child))
    assert not wrong


def test_what_a_strict_row_lets_pass_a_laxer_one_does_whatever_the_heads_say(
    scored: Scored,
) -> None:
    dice, draft = random.Random(3), Draft("As you like.", "en", "I lost my keys.")
    for _ in range(300):
        scores = {name: dice.random() for name in ("toxic", "hurt", "context", "tender")}
        scored(**scores)
        lax, high, child = (GRAVITY[settled(draft, rules(step))] for step in STEPS)
        assert lax <= high <= child, scores


def test_an_owner_can_only_be_stricter() -> None:
    lax = {"severity": 3, "toxic": [1.0, 1.0], "hurt": [0.9, 1.0], "context": [1.0, 1.0]}
    strict = {"severity": 1, "toxic": [0.0, 0.1], "hurt": [0.1, 0.1], "context": [0.0, 0.0]}
    dice = random.Random(1)
    for step in STEPS:
        assert rules(step, lax) == rules(step) == rules(step, {})
        assert rules(step, strict).hurt == Limits(0.1, 0.1)
        assert rules(step, strict).severity == 1
        for _ in range(100):
            pairs = {n: sorted([dice.random(), dice.random()]) for n in ("toxic", "hurt")}
            assert stricter_or_equal(rules(step, pairs), rules(step))


@pytest.mark.parametrize(
    "row",
    [
        {"hurts": [0.1, 0.2]},
        {"hurt": [0.3, 0.2]},
        {"hurt": [0.3]},
        {"hurt": [-0.1, 0.2]},
        {"hurt": "none"},
        {"severity": 0},
        {"severity": 4},
    ],
)
def test_an_owners_mistake_is_told(row: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="expected"):
        rules("standard", row)


def test_an_owners_policy_reaches_the_screen(scored: Scored) -> None:
    draft = Draft("As you like.", "en")
    lax = PolicyConfig(severity=3, hurt=(1.0, 1.0), toxic=(1.0, 1.0), context=(1.0, 1.0))
    strict = PolicyConfig(hurt=(0.1, 0.2))
    scored(hurt=STANDARD.hurt.block + 0.01)
    assert SafetyScreen(SafetyConfig(policy=lax)).screen(draft).action == "replace"
    assert SafetyScreen(SafetyConfig(policy=lax)).rules() == STANDARD
    scored(hurt=0.25)
    assert SafetyScreen(SafetyConfig(policy=strict)).screen(draft).action == "replace"
    assert SafetyScreen(SafetyConfig()).screen(draft).action == "pass"


# --- warnings ------------------------------------------------------------------

WARNINGS = {
    "en": ["Stop! The stove is hot!", "Watch out, the floor is wet!"],
    "ko": ["멈추세요! 불판이 뜨거워요!", "조심하세요, 바닥이 미끄러워요!"],
}


@pytest.mark.parametrize(
    ("text", "language"), [(text, language) for language in WARNINGS for text in WARNINGS[language]]
)
def test_a_warning_is_never_asked_for_again(text: str, language: str, scored: Scored) -> None:
    screen = SafetyScreen(SafetyConfig(), judge=lambda draft: 1.0, rewrites=True)
    draft = Draft(text, language, user="What are you doing?")
    assert screen.screen(draft).action == "pass"
    for level in (0.5, STANDARD.hurt.block - 0.01):
        scored(hurt=level, toxic=level, context=level, tender=0.9)
        assert screen.screen(draft).action == "pass"
    scored(hurt=STANDARD.hurt.block + 0.01)
    assert screen.screen(draft).action == "replace"


def test_a_warning_is_not_polished() -> None:
    formal = ToneConfig(korean_level="합쇼체", formality="formal")
    screen = SafetyScreen(SafetyConfig(), formal, rewrites=True)
    assert found("warning", "조심해, 뜨거워!")
    assert screen.screen(Draft("이건 빨간 사과야.", "ko")).category == "style_level"
    assert screen.screen(Draft("조심해, 뜨거워!", "ko")).action == "pass"


# --- the user's words ----------------------------------------------------------


@pytest.mark.parametrize(
    ("tender", "context", "action"),
    [(0.9, 0.99, "replace"), (0.9, 0.8, "gray"), (0.9, 0.1, "pass"), (0.1, 0.99, "pass")],
)
def test_the_context_is_asked_for_tender_words(
    tender: float, context: float, action: str, scored: Scored
) -> None:
    scored(tender=tender, context=context)
    draft = Draft("Then let us begin.", "en", "I came home late.", previous="Well.")
    verdict = judge(draft, STANDARD)
    assert verdict.action == action
    assert verdict.category == ("" if action == "pass" else "context")


@pytest.mark.parametrize(
    ("user", "text", "language"),
    [
        ("My dog died today.", "Congratulations!", "en"),
        ("I am scared.", "Haha, nice.", "en"),
        ("강아지가 죽었어.", "축하해요!", "ko"),
    ],
)
def test_no_cheer_at_sorrow_even_when_the_heads_see_nothing(
    user: str, text: str, language: str, scored: Scored
) -> None:
    scored(sadness=0.1, fear=0.1)
    assert judge(Draft(text, language, user), STANDARD).category == "out_of_place"
    assert judge(Draft(text, language, user, previous="Oh."), STANDARD).action == "replace"


def test_comfort_is_asked_of_the_first_sentence_only(scored: Scored) -> None:
    scored(context=0.9, sadness=0.1)
    cold = Draft("The bus leaves at nine.", "en", "My dog died today.")
    assert judge(cold, STANDARD).category == "out_of_place"
    scored(context=0.1, sadness=0.1)
    assert judge(cold, STANDARD).action == "pass"
    scored(context=0.9, sadness=0.1)
    later = Draft(cold.text, "en", cold.user, previous="I am so sorry.")
    assert judge(later, STANDARD).category != "out_of_place"


def test_no_cheer_in_a_session_with_a_crisis(scored: Scored) -> None:
    scored()
    for text, language in [("Haha, nice.", "en"), ("Hooray!", "en"), ("하하, 대박!", "ko")]:
        assert judge(Draft(text, language), STANDARD).action == "pass"
        assert judge(Draft(text, language), STANDARD, crisis=True).category == "out_of_place"
    sober = Draft("The shop opens at nine.", "en")
    assert judge(sober, STANDARD, crisis=True).action == "pass"


# --- what it is about ----------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [
        ("Well, you idiot, sit down.", "en", "idiot"),
        ("And then he said f.u.c.k to her.", "en", "f.u.c.k"),
        ("아니 이 멍청이야, 앉아.", "ko", "멍청이"),
        ("그래서 씨1발 어쩌라는 거예요.", "ko", "씨1발"),
    ],
)
def test_a_verdict_points_at_the_words(text: str, language: str, words: str) -> None:
    verdict = judge(Draft(text, language), STANDARD)
    assert verdict.span is not None
    start, end = verdict.span
    assert 0 <= start < end <= len(text)
    assert words in text[start:end]
    assert end - start <= len(words) + 12


# --- every failure is silence --------------------------------------------------


async def called(function: Callable[[], object]) -> object:
    worker = Worker("screen", SafetyError, 5.0)
    try:
        return await worker.call(function)
    finally:
        worker.close()


class Broken:
    """Heads, or a lexicon, of which every method raises."""

    def __getattr__(self, name: str) -> object:
        raise MemoryError("broken")


@pytest.mark.parametrize("part", ["lexicon", "heads", "template"])
def test_a_part_that_breaks_lets_nothing_pass(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = SafetyScreen(SafetyConfig())
    text = "Good morning."
    if part == "lexicon":
        monkeypatch.setattr(lexicon, "load", lambda: cast(lexicon.Lexicon, Broken()))
    elif part == "heads":
        monkeypatch.setattr(heads, "load", lambda language: cast(heads.Heads, Broken()))
    else:
        text = "You idiot!"
        monkeypatch.setattr(templates, "_templates", Broken().__getattr__)
    with pytest.raises(SafetyError, match="screen failed"):
        asyncio.run(called(partial(screen.screen, Draft(text, "en"))))


def test_a_slow_part_lets_nothing_pass() -> None:
    async def scenario() -> None:
        worker, late = Worker("screen", SafetyError, 0.01), asyncio.Event()
        loop = asyncio.get_running_loop()

        def slow() -> None:
            asyncio.run_coroutine_threadsafe(late.wait(), loop).result()

        with pytest.raises(SafetyError, match="no answer within"):
            await worker.call(slow)
        late.set()
        worker.close()

    asyncio.run(scenario())


@pytest.mark.parametrize("whole", ["You are stupid.", "너는 정말 멍청이야.", "Shut up, you moron."])
def test_an_insult_is_found_wherever_it_is_cut(whole: str) -> None:
    screen = SafetyScreen(SafetyConfig())
    language = "ko" if "너" in whole else "en"
    for at in range(1, len(whole) - 1):
        first = screen.screen(Draft(whole[:at], language))
        second = screen.screen(Draft(whole[at:], language, previous=whole[:at]))
        assert "replace" in (first.action, second.action), whole[:at]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("you are so stupid and nobody likes you", "en"),
        ("you are stupid you are stupid you are stupid", "en"),
        ("너는 정말 멍청하고 아무도 너를 좋아하지 않아", "ko"),
    ],
)
def test_no_full_stop_is_needed(text: str, language: str) -> None:
    assert SafetyScreen(SafetyConfig()).screen(Draft(text, language)).action == "replace"


@pytest.mark.parametrize(
    "text",
    [
        "a" * 10_000,
        "멍청이" * 3_400,
        "you" + "\u0301" * 10_000,
        "\u200b" * 10_000,
        "e\u0301\u0302\u0303" * 3_000,
        "x" * (MAX_CHARS + 1),
    ],
)
def test_what_is_too_long_to_judge_is_not_said(text: str) -> None:
    said = SafetyScreen(SafetyConfig()).screen(Draft(text, "en", text, previous=text))
    assert said.action == "replace"
    assert len(said.text) < MAX_CHARS


@pytest.mark.parametrize("mark", ["\u0301", "\u0338", "\u20dd", "\u200d", "\ufe0f"])
@pytest.mark.parametrize("times", [1, 10, 60])
def test_marks_hide_nothing(mark: str, times: int) -> None:
    text = "you " + "".join(letter + mark * times for letter in "idiot")
    assert len(text) < MAX_CHARS
    assert SafetyScreen(SafetyConfig()).screen(Draft(text, "en")).action == "replace"


@pytest.mark.parametrize("language", ["", "xx", "../../en", "a" * 400, "en\x00", "\ud800"])
def test_an_odd_language_is_no_way_out(language: str) -> None:
    said = SafetyScreen(SafetyConfig()).screen(Draft("You idiot!", language, "hi", language))
    assert said.action == "replace"
