"""LoRA adapters: put on and off at run time, refused where they do not fit, trained, exported."""

from __future__ import annotations

import itertools
import json
import random
import signal
import struct
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TypeAlias

import llama_cpp.llama_cpp as c
import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError

from robot_voice.build.language_model import adapters
from robot_voice.config import Config
from robot_voice.errors import ConfigError, EngineError, ModelError
from robot_voice.llm.llama import LlamaLlm
from robot_voice.llm.state import maker
from robot_voice.llm_config import AdapterConfig, LlmConfig
from robot_voice.service.control import ask
from robot_voice.settings import load_config
from robot_voice.types import Message
from scripts.bench.untrained import _ALIGNMENT, _pair, _text
from scripts.lora.compare import compare
from scripts.lora.dialogues import Dialogue, chained, instructions, read, split
from scripts.starter.llm.dialogues.turns import Turn, is_safe
from tests.daemon import Daemon

ROOT = Path(__file__).parents[1]
STARTER = ROOT / "models/starter/llm/nuri-chat-starter-q8_0.gguf"
EXAMPLE = ROOT / "scripts/lora/museum_guide.jsonl"
RULES = "You are Nuri, a caring humanoid robot. Be warm and caring. "
TALK = [Message("system", RULES), Message("user", "Tell me a story.")]
RANK = 4
Weights: TypeAlias = dict[str, NDArray[np.float32]]


def never() -> bool:
    return False


def weights(seed: int, width: int = 256, layers: int = 4) -> Weights:
    """A random adapter of the starter's queries and of its way down (hidden size: twice)."""
    dice = np.random.default_rng(seed)
    found: Weights = {}
    shapes = {"attn_q": (width, width), "ffn_down": (width, 2 * width)}
    for layer, (part, (rows, columns)) in itertools.product(range(layers), shapes.items()):
        for half, shape in (("a", (RANK, columns)), ("b", (rows, RANK))):
            values = dice.normal(0, 0.2, shape).astype(np.float32)
            found[f"blk.{layer}.{part}.weight.lora_{half}"] = values
    return found


def write(path: Path, tensors: Weights, **keys: object) -> Path:
    """A GGUF file with these tensors; ``keys`` replace what an adapter for the starter says."""
    said = {"general.type": "adapter", "general.architecture": "llama", "adapter.type": "lora"}
    pairs = {**said, "adapter.lora.alpha": float(RANK)} | {
        name.replace("_", "."): value for name, value in keys.items()
    }
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(pairs))
    head += b"".join(_pair(key, value) for key, value in pairs.items())
    data = b""
    for name, values in tensors.items():
        head += _text(name) + struct.pack("<I2Q", 2, *reversed(values.shape))
        head += struct.pack("<IQ", 0, len(data))  # 0: F32
        data += values.tobytes() + bytes(-values.nbytes % _ALIGNMENT)
    path.write_bytes(head + bytes(-len(head) % _ALIGNMENT) + data)
    return path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("adapters")
    return {
        name: write(folder / f"{name}.gguf", weights(seed))
        for seed, name in enumerate(("guide", "clown"))
    }


def load(files: dict[str, Path], state: Path | None = None, **scales: float) -> LlamaLlm:
    """The starter with these adapters; ``scales``: other than 1."""
    adapters = {
        name: AdapterConfig(path=str(path), scale=scales.get(name, 1.0))
        for name, path in files.items()
    }
    return LlamaLlm(STARTER, LlmConfig(adapters=adapters, max_tokens=40), 1, state)


@pytest.fixture
def llm(files: dict[str, Path]) -> Iterator[LlamaLlm]:
    model = load(files)
    yield model
    model.close()


def logits(llm: LlamaLlm) -> NDArray[np.float32]:
    """Of the first token of the reply to ``TALK``."""
    llm.prefill(TALK, never)
    count = c.llama_vocab_n_tokens(llm._native._vocabulary)
    found = c.llama_get_logits_ith(llm._native._context, -1)
    return np.ctypeslib.as_array(found, (count,)).astype(np.float32)


def say(llm: LlamaLlm) -> str:
    return "".join(llm.generate(TALK, never))


def alone(files: dict[str, Path], name: str) -> str:
    """What a model says that was never adapted to anything else."""
    model = load(files)
    model.adapt(name)
    said = say(model)
    model.close()
    return said


# --- at run time -------------------------------------------------------------------------------


def test_an_adapter_changes_what_the_model_computes_and_off_it_changes_nothing(
    llm: LlamaLlm,
) -> None:
    base = logits(llm)
    llm.adapt("guide")
    adapted = logits(llm)
    assert np.abs(adapted - base).max() > 0.5
    llm.adapt("")
    assert np.array_equal(logits(llm), base)


def test_scale_says_how_much_it_counts(files: dict[str, Path]) -> None:
    def computed(scale: float) -> NDArray[np.float32]:
        model = load(files, guide=scale)
        model.adapt("guide")
        found = logits(model)
        model.close()
        return found

    plain = load({})
    base = logits(plain)
    plain.close()
    assert np.array_equal(computed(0.0), base)
    little, half, whole = (np.abs(computed(scale) - base).mean() for scale in (0.01, 0.5, 1.0))
    assert 0 < little < half < whole


def test_adapters_are_switched_without_a_trace_and_without_a_second_model(
    llm: LlamaLlm, files: dict[str, Path]
) -> None:
    expected = {name: alone(files, name) for name in ("", "guide", "clown")}
    assert len(set(expected.values())) == 3
    model, dice = llm._native._model, random.Random(2)
    for _ in range(8):
        name = dice.choice([*expected])
        llm.adapt(name)
        llm.prefill(TALK[: dice.choice((1, 2))], never)
        assert say(llm) == expected[name]
    assert llm._native._model is model


def test_what_was_read_for_one_adapter_is_not_used_for_another(
    files: dict[str, Path], tmp_path: Path
) -> None:
    expected = {name: alone(files, name) for name in ("", "guide", "clown")}
    for _ in range(2):  # the second time, all of it is there
        model = load(files, tmp_path)
        model.warm(RULES)
        for name in ("guide", "clown", "", "guide"):
            model.adapt(name)
            assert model._native._cached  # the rules were read again
            assert say(model) == expected[name]
        model.close()
        assert len(list(tmp_path.iterdir())) == 3


def test_the_second_start_with_an_adapter_reads_nothing(
    files: dict[str, Path], tmp_path: Path
) -> None:
    for start in range(2):
        model = load(files, tmp_path)
        model.adapt("guide")
        native, counts = model._native, list[int]()
        evaluate = native.evaluate

        def counting(tokens: list[int]) -> bool:
            counts.append(len(tokens))  # noqa: B023 - used in this round only
            return evaluate(tokens)  # noqa: B023

        native.evaluate = counting  # type: ignore[method-assign, assignment]
        model.warm(RULES)
        assert bool(counts) == (start == 0)
        model.close()


def test_states_are_kept_for_one_file_and_one_scale(files: dict[str, Path], tmp_path: Path) -> None:
    def key(scale: float, name: str = "guide") -> str:
        adapters = {"guide": AdapterConfig(path=str(copy), scale=scale)}
        return maker(STARTER, LlmConfig(adapters=adapters), 512, True, name)

    copy = tmp_path / "guide.gguf"
    copy.write_bytes(files["guide"].read_bytes())
    keys = {key(1.0), key(0.5), key(1.0, "")}
    assert len(keys) == 3 and key(1.0) in keys
    copy.write_bytes(files["clown"].read_bytes())
    assert key(1.0) not in keys


def test_repacked_weights_take_adapters_too(files: dict[str, Path]) -> None:
    adapters = {"guide": AdapterConfig(path=str(files["guide"]))}
    found = []
    for repack in (True, False):
        model = LlamaLlm(STARTER, LlmConfig(adapters=adapters, repack=repack), 1)
        base = logits(model)
        model.adapt("guide")
        found.append(logits(model) - base)
        model.close()
    assert np.corrcoef(found[0], found[1])[0, 1] > 0.99


# --- what does not fit -------------------------------------------------------------------------


def test_an_unknown_name_is_an_error_that_lists_the_known_ones(llm: LlamaLlm) -> None:
    llm.adapt("guide")
    before = say(llm)
    with pytest.raises(ConfigError, match=r"'pirate'.*\[llm\.adapters\.pirate\].*clown, guide"):
        llm.adapt("pirate")
    assert say(llm) == before
    plain = load({})
    with pytest.raises(ConfigError, match="none"):
        plain.adapt("guide")
    plain.close()


def without(part: str) -> Weights:
    return {name: values for name, values in weights(1).items() if part not in name}


def renamed(old: str, new: str) -> Weights:
    return {name.replace(old, new): values for name, values in weights(1).items()}


BROKEN: dict[str, Callable[[Path], object]] = {
    "missing": lambda path: None,
    "a folder": lambda path: path.mkdir(),
    "empty": lambda path: path.write_bytes(b""),
    "a pointer": lambda path: path.write_text("version https://git-lfs.github.com/spec/v1\n"),
    "a whole model": lambda path: path.write_bytes(STARTER.read_bytes()),
    "another depth": lambda path: write(path, renamed("blk.0", "blk.7")),
    "another width": lambda path: write(path, weights(1, width=128)),
    "half of a pair": lambda path: write(path, without("0.attn_q.weight.lora_b")),
    "another architecture": lambda path: write(path, weights(1), general_architecture="qwen2"),
    "no LoRA": lambda path: write(path, weights(1), adapter_type="other"),
}
"""What is made of a path, none of it an adapter for the starter."""


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("missing", "cannot be read"),
        ("a folder", "cannot be read"),
        ("empty", "not a GGUF file"),
        ("a pointer", "not a GGUF file"),
        ("a whole model", "adapter"),
        ("another depth", "does not exist in base model"),
        ("another width", "incorrect shape"),
        ("half of a pair", "missing one component"),
        ("another architecture", "arch"),
        ("no LoRA", "lora"),
    ],
)
def test_a_file_that_does_not_fit_is_an_error_that_says_why(
    tmp_path: Path, kind: str, words: str
) -> None:
    path = tmp_path / "bad.gguf"
    BROKEN[kind](path)
    with pytest.raises(ModelError, match=rf"bad\.gguf.*{words}.*llm\.adapters\.guide"):
        load({"guide": path})


def test_an_adapter_that_ends_too_early_is_an_error(files: dict[str, Path], tmp_path: Path) -> None:
    whole, dice = files["guide"].read_bytes(), random.Random(1)
    sizes = [3, 23, 24, 25, 60, len(whole) // 2, len(whole) - 1]
    sizes += [dice.randrange(len(whole)) for _ in range(10)]
    path = tmp_path / "cut.gguf"
    for size in sizes:
        path.write_bytes(whole[:size])
        with pytest.raises(ModelError, match=r"cut\.gguf"):
            load({"guide": path})


def test_adapters_in_the_configuration() -> None:
    tables = {"guide": {"path": "guide.gguf"}, "clown": {"path": "/a/clown.gguf", "scale": 0.5}}
    config = Config.model_validate({"llm": {"adapters": tables}, "persona": {"adapter": "guide"}})
    assert config.llm.adapters["guide"] == AdapterConfig(path="guide.gguf", scale=1.0)
    assert config.llm.adapters["clown"].scale == 0.5
    assert Config().persona.adapter == "" and Config().llm.adapters == {}


@pytest.mark.parametrize(
    "tables",
    [
        {"guide": {}},
        {"guide": {"path": ""}},
        {"guide": {"path": "x", "scale": -1}},
        {"guide": {"path": "x", "scale": 5}},
        {"guide": {"path": "x", "strength": 1}},
        {"Guide": {"path": "x"}},
        {"a b": {"path": "x"}},
        {f"a{number}": {"path": "x"} for number in range(9)},
    ],
)
def test_what_is_no_list_of_adapters(tables: object) -> None:
    with pytest.raises(ValidationError):
        LlmConfig.model_validate({"adapters": tables})


# --- the configuration ---------------------------------------------------------------------------


def test_paths_are_relative_to_the_file_they_stand_in(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(
        '[persona]\nadapter = "guide"\n[llm.adapters.guide]\npath = "a/guide.gguf"\n'
        '[llm.adapters.clown]\npath = "/b/clown.gguf"\nscale = 0.5\n'
    )
    found = adapters(load_config(file, ['llm.adapters.other.path="x.gguf"'], {}))
    assert found["guide"].path == str(tmp_path / "a/guide.gguf")
    assert found["clown"] == AdapterConfig(path="/b/clown.gguf", scale=0.5)
    assert found["other"].path == str(Path.cwd() / "x.gguf")


def test_a_persona_with_an_adapter_that_is_not_listed() -> None:
    loaded = load_config("default", ["persona.adapter=guide"], {})
    with pytest.raises(ConfigError, match=r"option .*persona\.adapter = 'guide'.*Names: none"):
        adapters(loaded)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("llm.adapters.guide.scale=9", r"llm\.adapters\.guide\.scale = 9: .*path, scale"),
        ("llm.adapters.guide.paths=x", r"guide\.paths: no such key\. Did you mean \"path\"\?"),
        ("llm.adapters.guide={}", r"llm\.adapters\.guide"),
        ("llm.adapters.guide=x.gguf", r"guide = \"x\.gguf\": expected a table, \[llm\.adapters"),
    ],
)
def test_a_mistake_in_a_table_of_adapters_is_explained(change: str, words: str) -> None:
    overrides = ["llm.adapters.guide.path=x", change] if ".guide." in change else [change]
    with pytest.raises(ConfigError, match=words):
        load_config("default", overrides, {})


def test_a_running_robot_is_told_to_change_its_adapter(
    files: dict[str, Path], tmp_path: Path
) -> None:
    deaf = '[audio]\ninput = "nothing"\noutput = "nothing"\n'
    table = f"[llm.adapters.guide]\npath = '{files['guide']}'\n"
    with Daemon(tmp_path, deaf + table) as robot:
        robot.ready()
        for name in ("guide", "", "guide"):
            assert ask(robot.control, {"do": "adapter", "name": name}, 30) == {}
        with pytest.raises(EngineError, match="there is no adapter 'pirate'"):
            ask(robot.control, {"do": "adapter", "name": "pirate"}, 30)
        robot.send(signal.SIGINT)
        assert robot.ended() == 0
        assert "Traceback" not in robot.log


# --- the dialogues -----------------------------------------------------------------------------


def test_every_reply_of_the_example_may_be_said() -> None:
    dialogues = read(EXAMPLE)
    assert len(dialogues) >= 100
    assert {one.language for one in dialogues} == {"en", "ko"}
    for one in dialogues:
        for user, reply in one.turns:
            assert is_safe(Turn(user, reply, "museum"), one.language), (user, reply)


def test_the_example_holds_out_what_it_never_trains_on() -> None:
    train, held = split(read(EXAMPLE))
    assert len(train) == 4 * len(held) > 80
    asked = {user for one in train for user, _ in one.turns}
    assert not asked & {user for one in held for user, _ in one.turns}


def test_exchanges_are_chained_and_none_is_lost() -> None:
    train, _ = split(read(EXAMPLE))
    found = chained(train, random.Random(1), 6)
    assert max(len(one.turns) for one in found) == 6 and len(found) < len(train) / 2
    told = Counter((one.language, turn) for one in train for turn in one.turns)
    assert Counter((one.language, turn) for one in found for turn in one.turns) == told
    assert found != chained(train, random.Random(2), 6)


def test_the_persona_stands_in_the_instructions() -> None:
    config = Config.model_validate({"persona": {"name": "Momo", "description": "a museum guide"}})
    assert "You are Momo, a museum guide." in instructions(config, "en")
    assert "Momo" in instructions(config, "ko")


@pytest.mark.parametrize(
    "line",
    [
        "hello",
        "[]",
        '{"turns": []}',
        '{"language": "en", "turns": []}',
        '{"language": "en", "turns": [{"user": "Hi."}]}',
        '{"language": "en", "turns": [{"user": "Hi.", "reply": " "}]}',
        '{"language": "en", "turns": [{"user": 3, "reply": "Hi."}]}',
    ],
)
def test_a_line_that_is_no_dialogue_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "talk.jsonl"
    file.write_text(EXAMPLE.read_text("utf-8").splitlines()[0] + "\n" + line + "\n", "utf-8")
    with pytest.raises(SystemExit, match=r"talk\.jsonl:2"):
        read(file)


def test_replies_are_compared_with_the_adapter_off_and_on(files: dict[str, Path]) -> None:
    talk = [Dialogue("en", (("Tell me a story.", "Once upon a time."),))]
    [found] = compare(STARTER, files["guide"], Config(), talk)
    assert found["user"] == "Tell me a story." and found["wanted"] == "Once upon a time."
    assert found["before"] != found["after"]


# --- training ----------------------------------------------------------------------------------

needs_torch = pytest.mark.skipif(
    not (find_spec("torch") and find_spec("gguf")),
    reason="PyTorch and gguf are not installed (make train-setup)",
)


@needs_torch
def test_twenty_steps_help_and_llama_cpp_computes_what_was_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from scripts.lora import train

    out, results = tmp_path / "guide.gguf", tmp_path / "results.json"
    monkeypatch.setattr(train, "GENERAL", 4)
    monkeypatch.setattr(train, "SHUFFLES", 2)
    options = ["--steps", "20", "--batch", "512", "--rehearsed", "4", "--results", str(results)]
    few = tmp_path / "few.jsonl"
    few.write_text("".join(EXAMPLE.open(encoding="utf-8").readlines()[:40]), "utf-8")
    monkeypatch.setattr(sys, "argv", ["train", str(few), str(out), *options])
    train.main()
    found = json.loads(results.read_text("utf-8"))
    held = found["perplexity"]["held out"]
    assert held["after"] < 0.5 * held["before"]
    assert "held out" in capsys.readouterr().out
    model = load({"guide": out})
    base = logits(model)
    model.adapt("guide")
    assert np.abs(logits(model) - base).max() > 0.5
    model.close()


@needs_torch
def test_the_exported_adapter_is_the_trained_one(tmp_path: Path) -> None:
    import torch

    from scripts.lora.base import load as load_base
    from scripts.lora.export import export
    from scripts.lora.layers import adapt, adapters

    model, _ = load_base(STARTER)
    adapt(model, RANK, 2.0 * RANK, 1)
    learning = [one for one in model.parameters() if one.requires_grad]
    assert len(learning) == 2 * len(list(adapters(model))) == 2 * 7 * 4
    llm = load({})
    tokens = llm._fitting(TALK)
    base = logits(llm)
    llm.close()
    with torch.no_grad():
        ours = model.logits(model(torch.tensor([tokens])))[0, -1].numpy()
        assert np.corrcoef(ours, base)[0, 1] > 0.999  # it begins as the model itself
        for _, layer in adapters(model):
            layer.b.normal_(0, 0.3)
        ours = model.logits(model(torch.tensor([tokens])))[0, -1].numpy()
    assert np.corrcoef(ours, base)[0, 1] < 0.99
    export(model, tmp_path / "x.gguf", 2.0 * RANK, "x")
    llm = load({"x": tmp_path / "x.gguf"})
    llm.adapt("x")
    assert np.corrcoef(ours, logits(llm))[0, 1] > 0.999
    llm.close()
