"""Whisper weights of every format become the same model, and bad files become clear errors."""

from __future__ import annotations

import base64
import json
import os
import pickle
import shutil
import zipfile
from collections import namedtuple
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
import pytest
from tokenizers import Tokenizer
from typer.testing import CliRunner

from robot_voice.asr.folder import check_folder
from robot_voice.errors import ModelError
from robot_voice.models.convert import convert, read
from robot_voice.models.convert.ctranslate import _model_name
from robot_voice.models.convert.ggml import _TYPES
from robot_voice.models.convert.vocabulary import LANGUAGES
from robot_voice.models.registry import find_model

from . import whisper_weights as ww

START, END = 50258, 50257
"""<|startoftranscript|> and <|endoftext|> in every multilingual model of OpenAI's."""
WEIGHTS = ww.random_weights()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same weights in every format, and two kinds of tokenizer."""
    folder = tmp_path_factory.mktemp("sources")
    words = ww.words(END)
    ranks = [(base64.b64encode(word) or b"=") + b" %d" % n for n, word in enumerate(words)]
    (folder / "multilingual.tiktoken").write_bytes(b"\n".join(ranks) + b"\n")
    ww.write_pt(folder / "tiny.pt", WEIGHTS)
    ww.write_ggml(folder / "ggml-tiny.bin", WEIGHTS, words)
    convert(folder / "ggml-tiny.bin", folder / "ggml", "float32")
    for name, parts in (("hub", 1), ("parts", 3)):
        ww.write_huggingface(folder / name, WEIGHTS, parts=parts)
        shutil.copy(folder / "ggml" / "tokenizer.json", folder / name)
    return folder


def converted(folder: Path, source: str, dest: Path) -> Path:
    tokenizer = folder / "multilingual.tiktoken" if source.endswith(".pt") else None
    return convert(folder / source, dest, "float32", tokenizer).path


def complaint(source: Path, dest: Path, **options: Any) -> str:
    """What is said; that nothing is left behind is checked as well."""
    before = sorted(dest.parent.iterdir())
    with pytest.raises(ModelError) as caught:
        convert(source, dest, **options)
    assert sorted(dest.parent.iterdir()) == before
    return str(caught.value)


# --- the same model -----------------------------------------------------------------


def mel() -> Any:
    return np.random.default_rng(1).standard_normal((80, 3000)).astype(np.float32)


def decoded(model: Path, prompt: Sequence[int], steps: int) -> list[int]:
    """Through CTranslate2, as faster-whisper calls it."""
    whisper = ctranslate2.models.Whisper(str(model), device="cpu", compute_type="float32")
    features = ctranslate2.StorageView.from_array(mel()[None])
    most = 2 * steps  # half of it is the prompt's, as in OpenAI's code
    made = whisper.generate(features, [list(prompt)], beam_size=1, max_length=most)
    ids: list[int] = made[0].sequences_ids[0]
    return ids


@pytest.fixture(scope="module")
def expected(folder: Path) -> dict[tuple[int, ...], list[int]]:
    config = json.loads((folder / "ggml" / "config.json").read_bytes())
    never, not_first = config["suppress_ids"], config["suppress_ids_begin"]
    prompts = [(START, START + 1 + n, 50359, 50363) for n in (0, 5)]  # English, Korean
    return {p: ww.greedy(WEIGHTS, mel(), p, 12, never, not_first) for p in prompts}


@pytest.mark.parametrize("source", ["tiny.pt", "ggml-tiny.bin", "hub", "parts"])
def test_every_format_decodes_as_plain_numpy_does(
    folder: Path, tmp_path: Path, source: str, expected: dict[tuple[int, ...], list[int]]
) -> None:
    model = converted(folder, source, tmp_path / "model")
    for prompt, tokens in expected.items():
        assert len(set(tokens)) > 3
        assert decoded(model, prompt, 12) == tokens


@pytest.mark.parametrize("source", ["tiny.pt", "hub"])
def test_every_format_gives_the_same_files(folder: Path, tmp_path: Path, source: str) -> None:
    model = converted(folder, source, tmp_path / "model")
    for file in (folder / "ggml").iterdir():
        theirs = (model / file.name).read_bytes()
        assert theirs == file.read_bytes(), file.name


def test_the_result_is_a_model_the_assistant_takes(folder: Path, tmp_path: Path) -> None:
    made = convert(folder / "ggml-tiny.bin", tmp_path / "deep" / "mine")
    check_folder(made.path)
    assert find_model("asr", str(made.path), None).size < made.size
    whisper = ctranslate2.models.Whisper(str(made.path), device="cpu", compute_type="int8")
    assert whisper.is_multilingual
    assert whisper.n_mels == 80
    assert made.parameters == sum(values.size for values in WEIGHTS.values())
    assert made.source == "whisper.cpp ggml (f16/f32)"
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["mine"]
    assert made.path.stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize(("size", "mels"), [(51864, 80), (51865, 80), (51866, 128)])
def test_languages_and_suppressed_tokens(tmp_path: Path, size: int, mels: int) -> None:
    dims = replace(ww.DIMS, n_vocab=size, n_mels=mels, n_text_layer=1)
    count, base = (100 if size == 51866 else 99), (50256 if size == 51864 else 50257)
    source = tmp_path / "ggml-x.bin"
    ww.write_ggml(source, ww.random_weights(dims), ww.words(base), dims)
    model = convert(source, tmp_path / "model", "float16").path
    config = json.loads((model / "config.json").read_bytes())
    token = Tokenizer.from_file(str(model / "tokenizer.json")).token_to_id
    languages = [token(f"<|{code}|>") for code in LANGUAGES[:count]]
    assert config["lang_ids"] == ([] if size == 51864 else languages)
    assert languages == list(range(base + 2, base + 2 + count))
    assert config["suppress_ids_begin"] == [32, base]
    marks = ("translate", "transcribe", "startoflm", "startofprev", "nospeech")
    for mark in (*marks, "startoftranscript"):
        assert token(f"<|{mark}|>") in config["suppress_ids"]
    assert token("<|notimestamps|>") == size - 1502
    vocabulary = json.loads((model / "vocabulary.json").read_bytes())
    assert (len(vocabulary), vocabulary[-1]) == (size, "<|30.00|>")
    assert json.loads((model / "preprocessor_config.json").read_bytes())["feature_size"] == mels
    whisper = ctranslate2.models.Whisper(str(model), device="cpu")
    assert (whisper.is_multilingual, whisper.n_mels) == (size != 51864, mels)


def test_the_tokenizer_writes_and_reads_any_script(folder: Path) -> None:
    tokenizer = Tokenizer.from_file(str(folder / "ggml" / "tokenizer.json"))
    for text in ("It's 7 o'clock.", "안녕하세요, 로봇이에요.", " two  spaces\n", "¿Qué? 🙂"):
        assert tokenizer.decode(tokenizer.encode(text, add_special_tokens=False).ids) == text


def test_alignment_heads(folder: Path, tmp_path: Path) -> None:
    def heads(source: Path, dest: str) -> Any:
        model = convert(source, tmp_path / dest, tokenizer=folder / "multilingual.tiktoken").path
        return json.loads((model / "config.json").read_bytes())["alignment_heads"]

    # "tiny" has other sizes: its published heads do not fit, and the upper half is taken.
    assert heads(folder / "tiny.pt", "a") == [[1, 0], [1, 1]]
    hub = Path(shutil.copytree(folder / "hub", tmp_path / "hub"))
    (hub / "generation_config.json").write_text('{"alignment_heads": [[0, 1], [1, 1]]}')
    assert heads(hub, "b") == [[0, 1], [1, 1]]
    (hub / "generation_config.json").write_text('{"alignment_heads": [[7, 1]]}')
    assert heads(hub, "c") == [[1, 0], [1, 1]]


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("ggml-small.en-q5_1.bin", "small.en"),
        ("large-v3-turbo.pt", "large-v3-turbo"),
        ("ggml-large-v3-turbo-q5_0.bin", "large-v3-turbo"),
        ("large-v2.pt", "large-v2"),
        ("large.pt", ""),
        ("tinyllama.pt", ""),
    ],
)
def test_the_published_name_of_a_file(file: str, name: str) -> None:
    assert _model_name(Path(file)) == name


@pytest.mark.parametrize(("kind", "steps"), [(0, 2**11), (1, 2**10), (8, 100), (7, 25), (2, 6)])
def test_ggml_types(kind: int, steps: int) -> None:
    values = np.random.default_rng(0).standard_normal((4, 64)).astype(np.float32)
    raw = np.frombuffer(ww.quantised(values, kind), np.uint8).reshape(-1, _TYPES[kind].size)
    read_back = _TYPES[kind].decode(raw).reshape(values.shape)
    assert np.abs(read_back - values).max() <= np.abs(values).max() / steps


@pytest.mark.parametrize("kind", [2, 7, 8])
def test_quantised_ggml_is_read(tmp_path: Path, kind: int) -> None:
    dims = replace(ww.DIMS, n_audio_state=64, n_text_state=64, n_text_layer=1)
    weights = ww.random_weights(dims)
    file = ww.write_ggml(tmp_path / "q.bin", weights, [], dims, kind)
    checkpoint = read(file)
    checkpoint.check()
    name = "decoder.blocks.0.mlp.0.weight"
    error = np.abs(checkpoint.tensors[name] - weights[name]).max()
    assert 0 < error < 0.2


def test_brain_floats(folder: Path, tmp_path: Path) -> None:
    hub = Path(shutil.copytree(folder / "hub", tmp_path / "hub"))
    named = {ww.huggingface_name(name): values for name, values in WEIGHTS.items()}
    ww.write_safetensors(hub / "model.safetensors", named, "BF16")
    tensors = read(hub).tensors
    assert all(np.allclose(tensors[name], WEIGHTS[name], rtol=2**-7) for name in WEIGHTS)


# --- strangers' files ---------------------------------------------------------------


class Evil:
    """What runs a command when it is unpickled."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.file}",)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_malicious_pickle_is_refused(tmp_path: Path, protocol: int) -> None:
    file, mark = tmp_path / "evil.pt", tmp_path / "ran"
    with zipfile.ZipFile(file, "w") as archive:
        content = {"dims": {}, "model_state_dict": {"x": Evil(mark)}}
        archive.writestr("archive/data.pkl", pickle.dumps(content, protocol))
    assert "may be malicious" in complaint(file, tmp_path / "model")
    assert not mark.exists()


@pytest.mark.parametrize(
    "call",
    [
        b"cbuiltins\neval\n(S'1'\ntR.",
        b"cbuiltins\ngetattr\n(ccollections\nOrderedDict\nS'__class__'\ntR.",
        b"ctorch\nload\n(S'x'\ntR.",
        b"ctorch._utils\n_rebuild_parameter\n(tR.",
        b"ccollections\nOrderedDict.__init__.__globals__\n.",
        b"Pstorage\n.",
    ],
)
def test_every_other_call_is_refused(tmp_path: Path, call: bytes) -> None:
    file = tmp_path / "evil.pt"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", call)
    assert "may be malicious" in complaint(file, tmp_path / "model")


def test_a_pickle_that_eats_memory_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "evil.pt"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02}r\xff\xff\xff\x7f.")  # LONG_BINPUT
    assert "more memory" in complaint(file, tmp_path / "model")


def test_random_damage_never_becomes_a_crash(folder: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for source in ("tiny.pt", "ggml-tiny.bin"):
        raw = (folder / source).read_bytes()
        start = raw.index(b"archive/data.pkl") if source.endswith(".pt") else 0
        for _ in range(20):
            bad = bytearray(raw)
            for at in rng.integers(start, start + 8000, 3):
                bad[min(at, len(bad) - 1)] = rng.integers(256)
            (tmp_path / source).write_bytes(bad)
            with suppress(ModelError):
                read(tmp_path / source).check()


@pytest.mark.parametrize("share", [0.001, 0.3, 0.9, 0.999])
@pytest.mark.parametrize("source", ["tiny.pt", "ggml-tiny.bin"])
def test_a_file_cut_off(folder: Path, tmp_path: Path, source: str, share: float) -> None:
    raw = (folder / source).read_bytes()
    cut = tmp_path / source
    cut.write_bytes(raw[: int(len(raw) * share)])
    tokenizer = folder / "multilingual.tiktoken"
    assert "fetch it again" in complaint(cut, tmp_path / "model", tokenizer=tokenizer)


@pytest.mark.parametrize("share", [0.001, 0.5, 0.999])
def test_safetensors_cut_off(folder: Path, tmp_path: Path, share: float) -> None:
    hub = Path(shutil.copytree(folder / "hub", tmp_path / "hub"))
    raw = (hub / "model.safetensors").read_bytes()
    (hub / "model.safetensors").write_bytes(raw[: int(len(raw) * share)])
    assert "cut off" in complaint(hub, tmp_path / "model")


def test_a_damaged_pt_is_noticed_by_its_checksum(folder: Path, tmp_path: Path) -> None:
    raw = bytearray((folder / "tiny.pt").read_bytes())
    raw[len(raw) // 2] ^= 0xFF
    (tmp_path / "bad.pt").write_bytes(raw)
    assert "CRC" in complaint(tmp_path / "bad.pt", tmp_path / "model")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        (b"GGUF" + bytes(60), "only ggml-*.bin"),
        (b"\x80\x02}q\x00.", "only zip-format .pt"),
        (b"\x06\x00\x00\x00\x0c\x00WhisperSpec\x00" + bytes(60), "faster-whisper's format already"),
        (b"hello", "no Whisper weights"),
        (b"", "no Whisper weights"),
    ],
)
def test_other_files_are_named(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "some.bin").write_bytes(content)
    assert says in complaint(tmp_path / "some.bin", tmp_path / "model")


def test_other_architectures(folder: Path, tmp_path: Path) -> None:
    hub = Path(shutil.copytree(folder / "hub", tmp_path / "hub"))
    config = json.loads((hub / "config.json").read_bytes())
    (hub / "config.json").write_text(json.dumps(config | {"model_type": "wav2vec2"}))
    assert "a wav2vec2 model, not Whisper" in complaint(hub, tmp_path / "model")
    (hub / "config.json").write_text(json.dumps(config | {"encoder_layers": 2}))
    assert "tensors are missing" in complaint(hub, tmp_path / "model")
    (hub / "config.json").write_text(json.dumps(config | {"d_model": "wide"}))
    assert "n_audio_state" in complaint(hub, tmp_path / "model")
    with zipfile.ZipFile(tmp_path / "other.pt", "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({"model": {}}))
    assert "not one of OpenAI's" in complaint(tmp_path / "other.pt", tmp_path / "model")


def test_an_unknown_ggml_type_is_named(folder: Path, tmp_path: Path) -> None:
    raw = bytearray((folder / "ggml-tiny.bin").read_bytes())
    at = raw.index(b"encoder.blocks.0.attn.query.weight")
    raw[at - 12 : at - 8] = (12).to_bytes(4, "little")  # before the two sizes: q4_K
    (tmp_path / "k.bin").write_bytes(raw)
    said = complaint(tmp_path / "k.bin", tmp_path / "model")
    assert "ggml type 12" in said
    assert "q5_1" in said


def test_the_vocabulary_must_be_there_and_fit(folder: Path, tmp_path: Path) -> None:
    dest = tmp_path / "model"
    assert "multilingual.tiktoken" in complaint(folder / "tiny.pt", dest)
    hub = Path(shutil.copytree(folder / "hub", tmp_path / "hub"))
    (hub / "tokenizer.json").unlink()
    assert "--tokenizer" in complaint(hub, dest)
    starter = Path(__file__).parents[1] / "models" / "starter" / "asr" / "tokenizer.json"
    assert "not the model's" in complaint(folder / "tiny.pt", dest, tokenizer=starter)
    short = tmp_path / "short.tiktoken"
    short.write_bytes(b"IQ== 0\n")
    assert "1 words of the 50257" in complaint(folder / "tiny.pt", dest, tokenizer=short)
    short.write_bytes(b"!!!")
    assert "not a .tiktoken file" in complaint(folder / "tiny.pt", dest, tokenizer=short)
    other = tmp_path / "tokenizer.json"
    other.write_text("{}")
    assert "not the tokenizer.json" in complaint(folder / "tiny.pt", dest, tokenizer=other)


def test_nan_is_noticed(tmp_path: Path) -> None:
    weights = {name: values.copy() for name, values in WEIGHTS.items()}
    weights["decoder.ln.bias"][3] = np.nan
    file = ww.write_ggml(tmp_path / "nan.bin", weights, ww.words(END))
    assert "decoder.ln.bias holds NaN" in complaint(file, tmp_path / "model")


# --- where it goes ------------------------------------------------------------------


def test_nothing_is_overwritten(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    assert "exists already" in complaint(folder / "ggml-tiny.bin", tmp_path / "model")


def test_a_full_disk(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "free")
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage(1000))
    assert "make room" in complaint(folder / "ggml-tiny.bin", tmp_path / "deep")


def test_a_source_that_is_not_there(tmp_path: Path) -> None:
    assert "cannot be read" in complaint(tmp_path / "none.pt", tmp_path / "model")
    (tmp_path / "empty").mkdir()
    assert "Hugging Face" in complaint(tmp_path / "empty", tmp_path / "model")


def test_the_command(folder: Path, tmp_path: Path) -> None:
    import typer

    from robot_voice.commands.convert import register

    app = typer.Typer()
    register(app)
    app.command("other")(lambda: None)
    arguments = [str(folder / "ggml-tiny.bin"), str(tmp_path / "model")]
    result = CliRunner().invoke(app, ["convert", *arguments, "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["multilingual"] is True
    result = CliRunner().invoke(app, ["convert", *arguments])
    assert isinstance(result.exception, ModelError)
