"""How the safety filter is measured: the figures, the inputs, and the words made of the results."""

from __future__ import annotations

from typing import Any

import pytest

from scripts import safety_bars
from scripts.bench import report_safety, safety_inputs, safety_peers
from scripts.bench.common import load
from scripts.bench.safety_figures import (
    balanced,
    f1,
    limit_at,
    macro_f1,
    recall_at,
    share,
    tally,
    told,
    wilson,
)
from scripts.bench.safety_inputs import Case
from scripts.safety import corpora, disguises
from scripts.safety.sentences import sentences

needs_data = pytest.mark.skipif(not corpora.present(), reason="no open data beside the checkout")
needs_results = pytest.mark.skipif("safety" not in load(), reason="the filter was not measured yet")


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0), (0, 0, 0.0, 1.0)],
)
def test_intervals_of_shares_are_wilsons(hits: int, n: int, low: float, high: float) -> None:
    assert wilson(hits, n) == pytest.approx((low, high), abs=1e-4)


def test_a_share_of_nothing_is_none() -> None:
    assert share([])["share"] is None
    assert share([True, True, False, True])["share"] == 0.75


def test_a_tally_can_be_read_again() -> None:
    assert told(tally([True, False, True])) == (2, 3)


@pytest.mark.parametrize("rate", [0.0, 0.01, 0.03, 0.1, 0.5])
def test_at_the_limit_no_more_negatives_are_caught_than_allowed(rate: float) -> None:
    negatives = [0.9, 0.9, 0.9, *(at / 100 for at in range(60))]
    limit = limit_at(negatives, rate)
    assert sum(score > limit for score in negatives) <= rate * len(negatives)


def test_recall_counts_what_is_above_the_limit() -> None:
    negatives = [at / 100 for at in range(100)]
    found = recall_at([0.995, 0.97, 0.96, 0.5], negatives, 0.03)
    assert (found["limit"], found["hits"], found["n"]) == (0.96, 2, 4)


def test_a_limit_that_allows_all_is_none() -> None:
    assert recall_at([0.1, 0.2], [0.5], 1.0)["share"] == 1.0


def test_f1_of_known_counts() -> None:
    found = f1([True, True, True, False, False], [True, True, False, True, False])
    assert found == {"f1": 0.6667, "precision": 0.6667, "recall": 0.6667, "n": 5}
    assert f1([True, False], [False, False])["f1"] == 0.0


def test_macro_f1_weighs_classes_alike() -> None:
    truths = ["joy"] * 8 + ["fear"] * 2
    assert macro_f1(truths, ["joy"] * 10, ("joy", "fear")) == pytest.approx(0.4444, abs=1e-3)


def test_balanced_accuracy_is_the_mean_of_both_sides_and_within_its_interval() -> None:
    found = balanced([True] * 9 + [False], [True] * 5 + [False] * 5)
    assert found["share"] == 0.7
    assert 0.45 < found["low"] < 0.7 < found["high"] < 0.9


def test_seen_kinds_are_names_of_disguises() -> None:
    assert set(safety_inputs.SEEN["ko"]) < set(disguises.KOREAN)
    assert set(safety_inputs.SEEN["en"]) < set(disguises.ENGLISH)


@pytest.mark.parametrize(
    ("text", "language"), [("Hello.", "en"), ("안녕", "ko"), ("ㅋㅋ", "ko"), ("", "en")]
)
def test_the_language_of_a_sample(text: str, language: str) -> None:
    assert safety_inputs.language_of(text) == language


def test_words_are_whole_in_english_and_anywhere_in_korean() -> None:
    listed = {"en": safety_peers.listed({"ass"}), "ko": safety_peers.listed({"바보"})}

    def has(text: str, language: str) -> bool:
        return safety_peers.has_word(listed, Case(text, language, "0"))

    assert has("You ASS!", "en")
    assert not has("A first-class passage.", "en")
    assert has("이 바보야", "ko")
    assert not has("바로 보여 드릴게요", "ko")


def test_ahead_is_a_higher_f1_or_no_more_false_blocks() -> None:
    high, low = {"f1": 0.9, "false_blocks": 0.5}, {"f1": 0.8, "false_blocks": 0.0}
    assert safety_peers.is_ahead(high, low)
    assert not safety_peers.is_ahead(high, high)
    assert safety_peers.is_ahead({"false_blocks": 0.1}, {"false_blocks": 0.1})
    assert not safety_peers.is_ahead({"false_blocks": 0.2}, {"false_blocks": 0.1})


def test_judged_tells_recall_and_false_blocks() -> None:
    cases = [Case(text, "en", label) for text, label in (("a", "1"), ("b", "0"), ("c", "0"))]
    found = safety_peers.judged(cases, [True, True, False])
    assert (found["recall"], found["precision"], found["false_blocks"]) == (1.0, 0.5, 0.5)
    assert "f1" not in safety_peers.judged(cases[1:], [False, True])


@pytest.mark.parametrize(("ahead", "passed"), [(True, True), (False, False)])
def test_one_row_behind_fails_a_peers_bar(ahead: bool, passed: bool) -> None:
    rows = {"obf_en": True, "obf_en, benign": ahead}
    (bar,) = safety_bars.peers({"ahead": {"word list": rows, "word list, pruned": {"x": False}}})
    assert bar.passed is passed
    assert ("not-obf_en-benign" in bar.value) is not passed


@pytest.mark.parametrize(
    ("faults", "unscreened", "passed"), [(500, 0, True), (499, 0, False), (600, 1, False)]
)
def test_faults_are_many_and_nothing_gets_through(
    faults: int, unscreened: int, passed: bool
) -> None:
    bars = safety_bars.faults({"faults": faults, "unscreened": unscreened})
    assert all(bar.passed for bar in bars) is passed


def test_the_faults_are_told() -> None:
    told_of = report_safety.faults({"faults": 500, "unscreened": 0, "kinds": {"crash": 500}})
    assert "500 injected (crash 500); unscreened sentences spoken: 0." in told_of


@needs_data
@pytest.mark.parametrize("language", safety_inputs.LANGUAGES)
def test_only_unseen_kinds_of_sentences_never_trained_on_are_disguised(language: str) -> None:
    cases = list(safety_inputs.disguised(language, 2, caught=lambda text: True))
    kinds = {case.group for case in cases}
    assert len(kinds) >= 10
    assert not kinds & set(safety_inputs.SEEN[language])
    for kind in kinds:
        assert [case.label for case in cases if case.group == kind] == ["1", "1", "0", "0"]
    assert cases == list(safety_inputs.disguised(language, 2, caught=lambda text: True))


@needs_data
def test_a_word_that_alone_decides_is_one_without_which_nothing_is_caught() -> None:
    plain = safety_inputs.disguised("en", 3, caught=lambda text: "shit" in text, alone=True)
    assert {case.label for case in plain} == {"1"}


@needs_data
def test_what_is_among_our_own_sentences_too_is_no_sample() -> None:
    ours = {one.text for one in sentences("users", "ko")}
    assert not {case.text for case in safety_inputs.sample("crisis_ko")} & ours


@needs_data
def test_the_tenth_of_a_set_is_never_trained_on() -> None:
    texts = {case.text for case in safety_inputs.held_out("songys_reply", "ko")}
    held = {line.text for line in corpora.corpus("songys_reply") if line.held_out}
    assert texts == held
    assert 0.05 < len(held) / len(corpora.corpus("songys_reply")) < 0.15


@needs_data
@pytest.mark.parametrize("language", safety_inputs.LANGUAGES)
def test_obfuscated_sentences_have_kind_and_label(language: str) -> None:
    cases = safety_inputs.obfuscated(language)
    assert {case.label for case in cases} == {"0", "1"}
    assert all(case.group for case in cases)
    assert 0 < sum(not case.trained for case in cases) < len(cases) / 2


@needs_results
def test_what_was_measured_has_words_and_bars() -> None:
    results = load()
    measured: dict[str, Any] = {
        name: results[name] for name in report_safety.SECTIONS if name in results
    }
    for name, result in measured.items():
        section = report_safety.SECTIONS[name](result)
        assert section.startswith("##")
        assert "None" not in section
    numbers = {bar.number for bar in safety_bars.safety(measured["safety"])}
    assert numbers == {"5.1", "5.2", "5.3", "5.4", "5.5", "5.6", "5.7", "5.8", "5.9"}
