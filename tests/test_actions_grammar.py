"""Actions inside a reply: what the grammar lets a model write, and what is read of it."""

from __future__ import annotations

import ctypes
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import llama_cpp.llama_cpp as c
import pytest

from robot_voice import paths
from robot_voice.actions.commands import CommandTable, load_commands
from robot_voice.actions.execution import ActionError
from robot_voice.actions.grammar import CLOSE, MAX_JSON, OPEN, ReplySplitter, gbnf, parsed
from robot_voice.types import Action

DEMO = Path(__file__).parents[1] / "configs" / "actions" / "demo.toml"
Accepts = Callable[[str, str], bool]


@pytest.fixture(scope="module")
def table() -> CommandTable:
    return load_commands(DEMO)


@pytest.fixture(scope="module")
def accepts() -> Iterator[Accepts]:
    """Whether llama.cpp's grammar sampler would let a model write a text to its end."""
    file = next((paths.starter_models() / "llm").glob("*.gguf"))
    parameters = c.llama_model_default_params()
    parameters.vocab_only = True
    model = c.llama_model_load_from_file(str(file).encode(), parameters)
    vocabulary = c.llama_model_get_vocab(model)
    end = c.llama_vocab_eos(vocabulary)

    def accepted(grammar: str, text: str) -> bool:
        sampler = c.llama_sampler_init_grammar(vocabulary, grammar.encode(), b"root")
        assert sampler, "llama.cpp cannot read the grammar"
        data = text.encode()
        tokens = (c.llama_token * (len(data) + 8))()
        count = c.llama_tokenize(vocabulary, data, len(data), tokens, len(tokens), False, False)
        try:
            return all(_allowed(sampler, token) for token in [*tokens[:count], end])
        finally:
            c.llama_sampler_free(sampler)

    yield accepted
    c.llama_model_free(model)


def _allowed(sampler: object, token: int) -> bool:
    only = (c.llama_token_data * 1)(c.llama_token_data(token, 0.0, 0.0))
    choice = c.llama_token_data_array(only, 1, -1, False)
    c.llama_sampler_apply(sampler, ctypes.byref(choice))
    allowed = only[0].logit > float("-inf")
    if allowed:
        c.llama_sampler_accept(sampler, token)
    return bool(allowed)


def written(name: str, **arguments: object) -> str:
    return json.dumps(
        {"action": name, "arguments": arguments}, ensure_ascii=False, separators=(",", ":")
    )


GOOD = [
    written("come_here"),
    written("turn", direction="left"),
    written("turn", direction="left", angle=90),
    written("move", direction="forward", distance=1.5),
    written("say", words="안녕하세요 hello"),
]
BAD = [
    written("fly"),
    written("turn"),
    written("turn", direction="up"),
    written("turn", angle=90),
    written("come_here", speed="fast"),
    '{"action":"come_here"}x',
    '{"action":"come_here","arguments":{}',
    "come_here",
    "",
]


@pytest.mark.parametrize("text", GOOD)
def test_a_model_can_write_what_is_declared(
    table: CommandTable, accepts: Accepts, text: str
) -> None:
    everything = table.known.actions
    assert accepts(gbnf(table.known, everything, "alone"), text)
    assert accepts(gbnf(table.known, everything), f"Yes, I will. {OPEN}{text}{CLOSE}")
    assert accepts(gbnf(table.known, everything, "inside"), f"{text}{CLOSE}")
    assert not accepts(gbnf(table.known, everything, "inside"), text)
    action = parsed(text, table.known)
    assert action is not None
    assert action.name == json.loads(text)["action"]


@pytest.mark.parametrize("text", BAD)
def test_and_nothing_else(table: CommandTable, accepts: Accepts, text: str) -> None:
    assert not accepts(gbnf(table.known, table.known.actions, "alone"), text)
    assert not accepts(gbnf(table.known, table.known.actions), f"Yes. {OPEN}{text}{CLOSE}")
    with pytest.raises(ActionError):
        parsed(text, table.known)


def test_a_reply_need_not_act_and_may_not_do_what_is_not_allowed(
    table: CommandTable, accepts: Accepts
) -> None:
    some = gbnf(table.known, ["turn", "fly"])
    assert accepts(some, "I am fine, thank you.")
    assert accepts(some, f"{OPEN}{written('turn', direction='left')}{CLOSE}")
    assert not accepts(some, f"{OPEN}{written('come_here')}{CLOSE}")
    assert not accepts(gbnf(table.known, []), f"{OPEN}{written('come_here')}{CLOSE}")
    assert accepts(gbnf(table.known, []), "All right.")
    assert accepts(gbnf(table.known, [], "alone"), '{"action":"none"}')


@pytest.mark.parametrize(
    "text",
    [
        *BAD,
        written("turn", direction="left", angle=900),
        written("turn", direction="left", angle="1e2"),
        written("turn", direction="left", angle=True),
        written("say", words="-rf /"),
        written("say", words="two\nlines"),
        written("say", words="x" * 81),
        '{"action":"turn","arguments":["left"]}',
        '{"action":"come_here","arguments":{},"and":1}',
        '{"arguments":{}}',
        "[" * 1500,
        '"' + "x" * MAX_JSON + '"',
    ],
)
def test_what_a_server_without_grammars_writes_is_checked(table: CommandTable, text: str) -> None:
    with pytest.raises(ActionError) as raised:
        parsed(text, table.known)
    assert "rf" not in str(raised.value)
    assert "xx" not in str(raised.value)


def test_no_action_is_an_answer_too(table: CommandTable) -> None:
    assert parsed('{"action":"none"}', table.known) is None
    assert parsed('{"action":"come_here"}', table.known) == Action("come_here")
    assert parsed(GOOD[2], table.known) == Action("turn", {"direction": "left", "angle": "90"})


@pytest.mark.parametrize("seed", range(40))
def test_a_reply_is_taken_apart_however_it_arrives(seed: int) -> None:
    dice = random.Random(seed)
    parts = ["I am coming. ", "a < b ", "<d", "<do", "좋아요 ", "{}"]
    said, done, text = "", [], ""
    for _ in range(dice.randint(0, 6)):
        if dice.random() < 0.4:
            done.append(dice.choice(GOOD))
            text += f"{OPEN}{done[-1]}{CLOSE}"
        else:
            part = dice.choice(parts) + " "
            said += part
            text += part
    splitter, heard = ReplySplitter(), ""
    while text:
        size = dice.randint(1, 7)
        heard, text = heard + splitter.feed(text[:size]), text[size:]
    assert heard + splitter.end() == said
    assert splitter.actions == done


def test_an_action_that_never_ends_is_not_spoken() -> None:
    splitter = ReplySplitter()
    assert splitter.feed(f'Yes. {OPEN}{{"action"') == "Yes. "
    assert splitter.end() == ""
    assert splitter.actions == []
    splitter = ReplySplitter()
    said = "".join(splitter.feed(piece) for piece in [OPEN, *["x" * 100] * 50])
    assert OPEN not in said
    assert len(splitter.actions) == 1, "given up, for parsed to refuse"
