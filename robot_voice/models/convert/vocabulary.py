"""The tokenizer of a Whisper model, from whatever the source has of it.

OpenAI numbers tokens so: the words of its byte-level BPE in order of rank, end of text, start of
transcript, the languages, six marks, 1,501 time stamps. A rank table is all there is to the BPE:
a word's rank says when its merge comes, so the merges that ``tokenizers`` wants follow from it.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from robot_voice.errors import ModelError

from .checkpoint import Checkpoint

if TYPE_CHECKING:
    from tokenizers import Tokenizer

STAMPS = 1501
"""Time stamps: 0 to 30 s by 0.02 s."""
ENGLISH, MULTILINGUAL = 51864, 51865
"""Vocabulary sizes: English only; every language (one more since large-v3)."""

_CODES = (
    "en zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta no th"
    " ur hr bg lt la mi ml cy sk te fa lv bn sr az sl kn et mk br eu is hy ne mn bs kk sq sw gl mr"
    " pa si km sn yo so af oc ka be tg sd gu am yi lo uz fo ht ps tk nn mt sa lb my bo tl mg as tt"
    " haw ln ha ba jw su yue"
)
LANGUAGES = _CODES.split()
"""Whisper's languages in the order of their tokens (openai/whisper, ``whisper/tokenizer.py``)."""

_MARKS = ["translate", "transcribe", "startoflm", "startofprev", "nospeech", "notimestamps"]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A tokenizer that fits a model."""

    tokenizer: Tokenizer
    tokens: tuple[str, ...]
    """Every token of the model in order."""
    languages: tuple[int, ...]
    """Tokens of the languages; none in an English-only model, which has them but never says so."""

    def id(self, token: str) -> int:
        """The number of a token that is there."""
        return self.tokens.index(token)


def find(checkpoint: Checkpoint, given: Path | None) -> Vocabulary:
    """The vocabulary in ``given``, else the source's own.

    ``given``: a ``tokenizer.json`` or a ``.tiktoken`` file. Raises ``ModelError`` when there is
    none, or it does not fit the model.
    """
    size = checkpoint.dims.n_vocab
    if size not in (ENGLISH, MULTILINGUAL, MULTILINGUAL + 1):
        raise ModelError(
            f"{checkpoint.source}: a vocabulary of {size}; Whisper's have {ENGLISH},"
            f" {MULTILINGUAL} or {MULTILINGUAL + 1}, and no others can be converted."
        )
    beside = checkpoint.source / "tokenizer.json"
    if given is not None and given.suffix == ".tiktoken":
        tokenizer = _build(_ranks(given), size, given)
    elif given is not None:
        tokenizer = _load(given)
    elif checkpoint.words is not None:
        tokenizer = _build(checkpoint.words, size, checkpoint.source)
    elif beside.is_file():
        tokenizer = _load(beside)
    else:
        raise ModelError(
            f"{checkpoint.source}: comes without a vocabulary. Give one with --tokenizer: the"
            " tokenizer.json of a Hugging Face Whisper model of the same kind, or OpenAI's"
            f" {'gpt2' if size == ENGLISH else 'multilingual'}.tiktoken (github.com/openai/whisper,"
            " folder whisper/assets)."
        )
    return _fitted(tokenizer, size, given or checkpoint.source)


def _fitted(tokenizer: Tokenizer, size: int, source: Path) -> Vocabulary:
    """Raises ``ModelError`` unless the special tokens are where the model has them."""
    count = _languages(size)
    end = size - STAMPS - len(_MARKS) - count - 2
    wanted = {"<|endoftext|>": end, "<|startoftranscript|>": end + 1}
    wanted |= {f"<|{code}|>": end + 2 + n for n, code in enumerate(LANGUAGES[:count])}
    wanted |= {f"<|{mark}|>": end + 2 + count + n for n, mark in enumerate(_MARKS)}
    if size >= MULTILINGUAL:
        wanted[""] = end - 1  # by this empty word CTranslate2 knows a multilingual model
    if tokenizer.token_to_id("<|nospeech|>") is None:  # Hugging Face's older name for it
        wanted["<|nocaptions|>"] = wanted.pop("<|nospeech|>")
    wrong = [token for token, n in wanted.items() if tokenizer.token_to_id(token) != n]
    if wrong:
        raise ModelError(
            f"{source}: this vocabulary is not the model's: {wrong[0]!r} should be token"
            f" {wanted[wrong[0]]} and is {tokenizer.token_to_id(wrong[0])}."
        )
    named = [tokenizer.id_to_token(n) for n in range(size - STAMPS)]
    words = [word for word in named if word is not None]
    if len(words) < len(named):
        raise ModelError(f"{source}: not a whole vocabulary: token {named.index(None)} is missing.")
    stamps = [f"<|{n * 0.02:.2f}|>" for n in range(STAMPS)]
    languages = range(end + 2, end + 2 + count) if size >= MULTILINGUAL else ()
    return Vocabulary(tokenizer, tuple(words + stamps), tuple(languages))


def _languages(size: int) -> int:
    return 100 if size > MULTILINGUAL else 99


def _load(file: Path) -> Tokenizer:
    from tokenizers import Tokenizer

    try:
        text = file.read_text("utf-8")
        content = json.loads(text)
    except OSError as error:
        raise ModelError(f"{file}: cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise ModelError(f"{file}: not a tokenizer.json, or damaged ({error}).") from error
    model = content.get("model") if isinstance(content, dict) else None
    # The library raises nothing more exact than ``Exception`` when these are not there.
    if not isinstance(model, dict) or not {"vocab", "merges"} <= set(model):
        raise ModelError(f"{file}: not the tokenizer.json of a Whisper model.")
    return Tokenizer.from_str(text)


def _ranks(file: Path) -> Sequence[bytes]:
    """The words of a ``.tiktoken`` file (base64, space, rank, by rank)."""
    try:
        pairs = [line.split() for line in file.read_bytes().splitlines() if line]
        ranked = {int(rank): _word(word) for word, rank in pairs}
    except OSError as error:
        raise ModelError(f"{file}: cannot be read: {error.strerror}.") from error
    except (ValueError, binascii.Error) as error:
        raise ModelError(f"{file}: not a .tiktoken file, or damaged ({error}).") from error
    return [ranked[rank] for rank in sorted(ranked)]


def _word(text: bytes) -> bytes:
    """Multilingual models have an empty word, which is written as padding alone."""
    return b"" if text == b"=" else base64.b64decode(text, validate=True)


def _build(words: Sequence[bytes], size: int, source: Path) -> Tokenizer:
    """Raises ``ModelError`` when there are not as many words as the model has."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    count = size - STAMPS - len(_MARKS) - _languages(size) - 2
    words = words[:count]  # some writers of ggml go on with the special tokens
    ranks = {word: rank for rank, word in enumerate(words)}
    if len(ranks) != count or not all(bytes([byte]) in ranks for byte in range(256)):
        raise ModelError(
            f"{source}: its vocabulary has {len(ranks)} words of the {count} that the model has;"
            " it is damaged or another model's."
        )
    letters = _letters()
    written = {word: "".join(letters[byte] for byte in word) for word in ranks}
    merges = [(written[a], written[b]) for a, b in (_halves(w, ranks) for w in words if len(w) > 1)]
    bpe = models.BPE(vocab={written[word]: rank for word, rank in ranks.items()}, merges=merges)
    tokenizer = Tokenizer(bpe)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["endoftext", "startoftranscript", *LANGUAGES[: _languages(size)], *_MARKS]
    tokenizer.add_special_tokens(
        [AddedToken(f"<|{name}|>", special=True, normalized=False) for name in special]
    )
    return tokenizer


def _halves(word: bytes, ranks: Mapping[bytes, int]) -> tuple[bytes, bytes]:
    """The two words whose merge makes this one: BPE itself, stopped before its last step."""
    parts = [bytes([byte]) for byte in word]
    while len(parts) > 2:
        merged = [ranks.get(a + b, len(ranks)) for a, b in pairwise(parts)]
        at = merged.index(min(merged))
        parts[at : at + 2] = [parts[at] + parts[at + 1]]
    return parts[0], parts[1]


def _letters() -> list[str]:
    """A visible letter for every byte, as GPT-2 writes its vocabulary: Latin-1's printable ones
    stand for themselves, the others for the letters from U+0100 on."""
    visible = {*range(33, 127), *range(161, 173), *range(174, 256)}
    others = iter(range(256, 512))
    return [chr(byte if byte in visible else next(others)) for byte in range(256)]
