"""The ten rules: readable, complete, and each enforced by something that exists."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from robot_voice.commands import guidelines as command_module
from robot_voice.safety import guidelines, lexicon
from robot_voice.safety.guidelines import Rule

TESTS = Path(__file__).parent
HURTFUL = {
    *("h_insult", "h_profane", "h_demean_ability", "h_dismiss", "h_blame", "h_mock", "h_body"),
    *("h_worth", "h_threat", "h_selfharm", "h_stereo", "h_cold", "h_control", "h_sexual"),
    *("h_family", "h_certain", "h_human", "h_obf"),
}
BENIGN = {
    *("b_task", "b_empathy", "b_negation", "b_quote", "b_idiom", "b_substring", "b_identity"),
    *("b_medical", "b_refuse", "b_badnews", "b_warn", "b_boundary", "b_selfdepr", "b_crisis"),
    *("b_fiction", "b_praise", "b_advice", "b_honest"),
}
"""The functions of our own sentences, by which the heads are trained."""

RULES = guidelines.load()
EACH_RULE = pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])


def known_categories() -> set[str]:
    """What the lexicon finds, and what there are fixed sentences for."""
    data = lexicon.read_data("templates.toml")
    in_lexicon = {
        table["category"]
        for language in ("en", "ko")
        for table in lexicon.read_data(f"lexicon.{language}.toml")["rule"]
    }
    return in_lexicon | set(data["en"])


def functions_of(module: str) -> set[str]:
    tree = ast.parse((TESTS / f"{module}.py").read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_there_are_ten_short_rules() -> None:
    assert len(RULES) == 10
    assert len({rule.id for rule in RULES}) == 10
    for rule in RULES:
        assert 30 <= len(rule.en) <= 140
        assert 15 <= len(rule.ko) <= 80
        assert re.search("[가-힣]", rule.ko) and not re.search("[가-힣]", rule.en)


@EACH_RULE
def test_each_rule_is_enforced(rule: Rule) -> None:
    assert any(function in HURTFUL for function in rule.functions)
    assert rule.categories
    assert rule.tests


@EACH_RULE
def test_what_enforces_a_rule_exists(rule: Rule) -> None:
    assert set(rule.functions) <= HURTFUL | BENIGN
    assert set(rule.categories) <= known_categories()
    for test in rule.tests:
        module, _, name = test.partition("::")
        assert (TESTS / f"{module}.py").is_file(), test
        assert name in functions_of(module), test


def test_every_function_belongs_to_a_rule() -> None:
    assert {function for rule in RULES for function in rule.functions} == HURTFUL | BENIGN


def test_every_category_of_the_lexicon_belongs_to_a_rule() -> None:
    ruled = {category for rule in RULES for category in rule.categories}
    for language in ("en", "ko"):
        for table in lexicon.read_data(f"lexicon.{language}.toml")["rule"]:
            assert table["category"] in ruled


@pytest.mark.parametrize("language", ["en", "ko", "de"])
def test_the_rubric_has_every_rule_in_order(language: str) -> None:
    text = guidelines.rubric(language)
    assert "\n" not in text
    places = [text.index(rule) for rule in guidelines.rules(language)]
    assert places == sorted(places)
    assert "10. " in text
    assert len(text) < 1300  # about 300 tokens, read once and kept in the KV cache


def printed(*arguments: str) -> str:
    app = typer.Typer()
    command_module.register(app)
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0, result.output
    return result.output


def test_the_command_prints_both_languages_or_one() -> None:
    both = printed()
    assert all(rule.en in both and rule.ko in both for rule in RULES)
    korean = printed("--language", "ko")
    assert all(rule.ko in korean and rule.en not in korean for rule in RULES)
    assert "10. " in korean


def test_the_command_writes_json() -> None:
    rows = json.loads(printed("--json"))
    assert [row["id"] for row in rows] == [rule.id for rule in RULES]
    assert rows[0]["tests"] and rows[0]["functions"] and rows[0]["categories"]
    (first, *_) = json.loads(printed("--json", "--language", "en"))
    assert first["en"] == RULES[0].en
    assert "ko" not in first


def test_a_language_they_are_not_written_in() -> None:
    app = typer.Typer()
    command_module.register(app)
    result = CliRunner().invoke(app, ["--language", "fr"])
    assert result.exit_code == 2
    assert "en and ko" in result.output
