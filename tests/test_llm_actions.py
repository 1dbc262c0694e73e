"""A model's part in actions: told of them, it writes them by a grammar, and says which was meant.

The starter model knows nothing of actions, so it is led to the mark, and then shows that even a
model without a clue writes nothing else than what is declared.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from robot_voice import paths
from robot_voice.actions.catalogue import ActionSpec, Catalogue, Form
from robot_voice.actions.commands import CommandTable, load_commands
from robot_voice.actions.grammar import CLOSE, OPEN, ReplySplitter, gbnf, parsed
from robot_voice.actions.scoring import Chooser
from robot_voice.errors import ModelError
from robot_voice.llm.abilities import MOST, abilities
from robot_voice.llm.native import LlamaContext
from robot_voice.llm.scorer import Scorer
from robot_voice.llm_config import LlmConfig
from robot_voice.types import Transcript

DEMO = Path(__file__).parents[1] / "configs" / "actions" / "demo.toml"
FORM = Form("en", "do it", {}, {})
MODEL = next((paths.starter_models() / "llm").glob("*.gguf"))


@pytest.fixture(scope="module")
def table() -> CommandTable:
    return load_commands(DEMO)


@pytest.fixture(scope="module")
def model() -> Iterator[LlamaContext]:
    context = LlamaContext(MODEL, LlmConfig(context_tokens=512), 1, repack=False)
    yield context
    context.close()


@pytest.fixture(scope="module")
def scorer() -> Iterator[Scorer]:
    found = Scorer(MODEL, 1, 512)
    yield found
    found.close()


def written(model: LlamaContext, after: str, most: int = 200) -> str:
    """What the model writes after it was made to write ``after``."""
    model.prefill(model.tokenize("[INST] Turn around. [/INST]"))
    for token in model.tokenize(after, begin=False):
        model.sampler.wrote(model.piece(token))
        model.evaluate([token])
    text = b""
    for _ in range(most):
        token_or_end = model.sample()
        if token_or_end is None:
            break
        piece = model.piece(token_or_end)
        model.sampler.wrote(piece)
        text += piece
        model.evaluate([token_or_end])
    return text.decode("utf-8", "ignore")


def test_behind_the_mark_a_model_writes_an_action_and_ends(
    table: CommandTable, model: LlamaContext
) -> None:
    model.sampler.constrain(gbnf(table.known, ["come_here", "wave", "turn"], "inside"))
    text = written(model, f"Yes. {OPEN}")
    splitter = ReplySplitter()
    assert splitter.feed(OPEN + text) + splitter.end() == ""
    action = parsed(splitter.actions[0], table.known)
    assert action is not None and action.name in ("come_here", "wave", "turn")
    assert text.endswith(CLOSE)


def test_the_next_reply_is_free_again(table: CommandTable, model: LlamaContext) -> None:
    model.sampler.constrain("")
    free = written(model, "Yes.", 20)
    model.sampler.constrain(gbnf(table.known, ["come_here"], "inside"))
    assert written(model, f"Yes. {OPEN}") != free
    assert written(model, "Yes.", 20) == free


def test_a_wrong_grammar_is_an_error(model: LlamaContext) -> None:
    with pytest.raises(ModelError, match="grammar"):
        model.sampler.constrain("root ::= nothing-of-the-kind")


def test_likelihoods_are_those_of_the_tokens_one_by_one(scorer: Scorer) -> None:
    prompt, texts = "Say hello to: ", ["the robot", "the cat", "the robot and me"]
    found = scorer.likelihoods(prompt, texts)
    assert all(math.isfinite(one) and one < 0 for one in found)
    assert found[2] < found[0]  # it goes on from there
    for text, one in zip(texts, found, strict=True):
        assert scorer.likelihoods(prompt, [text]) == [pytest.approx(one, abs=1e-3)]
    assert scorer.likelihoods(prompt, [""]) == [0.0]


def test_all_that_may_follow_adds_up_to_one(scorer: Scorer) -> None:
    scorer.prefill(scorer.tokenize("Hello"))
    logits = scorer.logits().astype(float)
    total = sum(math.exp(logit - logits.max()) for logit in logits)
    best = int(logits.argmax())
    likely = scorer.piece(best).decode("utf-8", "ignore")
    alone = math.log(math.exp(logits[best] - logits.max()) / total)
    if scorer.tokenize(f"Hello{likely}")[:-1] == scorer.tokenize("Hello"):
        assert scorer.likelihoods("Hello", [likely]) == [pytest.approx(alone, abs=1e-3)]


def test_a_chooser_may_ask_it(table: CommandTable, scorer: Scorer) -> None:
    choose = Chooser(table, scorer.likelihoods)
    found = choose(Transcript("make a turn to the left side", "en"))
    assert found is None or found.how == "scored"


# --- what it is told -----------------------------------------------------------------


@pytest.mark.parametrize(("language", "asks"), [*itertools.product(["en", "ko"], [True, False])])
def test_it_is_told_what_the_body_can_do(table: CommandTable, language: str, asks: bool) -> None:
    text = abilities(table.known, (), language, asks=asks)
    assert (OPEN in text) == asks
    assert "{" not in text.replace('{"action"', "").replace('"arguments":{', "") or asks
    said = ("come_here" if asks else "come here", "come_here" if asks else "이리 와")
    assert said[language == "ko"] in text
    if asks:
        splitter = ReplySplitter()
        splitter.feed(text)
        assert parsed(splitter.actions[0], table.known) is not None


def test_what_is_forbidden_is_not_offered(table: CommandTable) -> None:
    assert "power" in abilities(table.known, (), "en", asks=False)
    assert "power" not in abilities(table.known, ("strong",), "en", asks=False)
    everything = tuple(table.known.actions)
    assert "cannot move" in abilities(table.known, everything, "en", asks=True)
    assert "없습니다" in abilities(Catalogue(), (), "ko", asks=True)


def test_where_nobody_does_it_nothing_is_promised_or_denied() -> None:
    base = load_commands(DEMO.with_name("base.toml"))
    assert abilities(base.known, (), "en", asks=True) == ""
    spec = ActionSpec("a", "harmless", False, "", [FORM])
    some = Catalogue({"a": spec, "b": replace(spec, name="b", executor="dry")})
    assert "abilities: b." in abilities(some, (), "en", asks=True)


def test_a_long_list_is_cut_and_says_so() -> None:
    specs = {
        f"a{n}": ActionSpec(f"a{n}", "harmless", False, "dry", [FORM]) for n in range(MOST + 1)
    }
    assert "some more" in abilities(Catalogue(specs), (), "en", asks=True)
    specs.popitem()
    assert "some more" not in abilities(Catalogue(specs), (), "en", asks=True)
