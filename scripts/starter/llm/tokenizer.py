"""The vocabulary: SentencePiece-style pieces of words, and bytes for whatever is not in them.

``python -m scripts.starter.llm.tokenizer DIALOGUES.jsonl OUT.json --size 5700`` learns one.
Learning is byte-pair encoding (Sennrich et al., 2016) by the library ``tokenizers``; encoding is
llama.cpp's own way with such vocabularies (``llm_tokenizer_spm`` in llama-vocab.cpp), so that
training sees exactly the tokens that the product will: split off the control tokens, put a space
before each text, join the neighbours that make the best-ranked piece until none do, and spell what
is left as bytes.

The marks of Llama 2's chat format are one control token each, the white space at their edges
included. So every message, wherever it stands, begins at a control token and gets the same tokens.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

UNK, BOS, EOS = 0, 1, 2
CONTROL = (
    "<unk>",
    "<s>",
    "</s>",
    "[INST] <<SYS>>\n",
    "\n<</SYS>>\n\n",
    "[INST] ",
    " [/INST] ",
)
"""In the order of their ids."""
TEMPLATE = (
    "{% if messages[0]['role'] == 'system' %}{% set rest = messages[1:] %}"
    "{% set system = '<<SYS>>\\n' + messages[0]['content'] + '\\n<</SYS>>\\n\\n' %}"
    "{% else %}{% set rest = messages %}{% set system = '' %}{% endif %}"
    "{% for message in rest %}{% if message['role'] == 'user' %}{{ bos_token + '[INST] '"
    " + (system if loop.first else '') + message['content'] + ' [/INST] ' }}"
    "{% else %}{{ message['content'] + ' ' + eos_token }}{% endif %}{% endfor %}"
)
"""Llama 2's chat format. The space before a reply is written with the mark that it follows, for it
belongs to that control token; a conversation reads the same."""
SPACE = "\u2581"
"""How SentencePiece writes a space."""
NAMES = (" name", " pet", " friend", " friends", " words", "who")
"""Exchanges about names give no pieces: a name must not be one of its own, or the model would learn
that name instead of how to copy any."""
_FIRST_BYTE = len(CONTROL)
_SPLIT = re.compile(
    "(" + "|".join(re.escape(mark) for mark in sorted(CONTROL, key=len, reverse=True)) + ")"
)
_WORD = re.compile(f"{SPACE}?[^{SPACE}]*")


class Tokenizer:
    """Text to token ids and back. ``pieces``: the learnt ones, the most frequent first."""

    def __init__(self, pieces: Sequence[str]) -> None:
        self.pieces = list(pieces)
        first = _FIRST_BYTE + 256
        self._ids = {piece: first + rank for rank, piece in enumerate(self.pieces)}
        self._control = {mark: number for number, mark in enumerate(CONTROL)}
        self._cache: dict[str, list[int]] = {}

    def __len__(self) -> int:
        return _FIRST_BYTE + 256 + len(self.pieces)

    def encode(self, text: str) -> list[int]:
        """The tokens of ``text``, in which control tokens are written out."""
        found: list[int] = []
        for part in filter(None, _SPLIT.split(text)):
            if part in self._control:
                found.append(self._control[part])
            else:
                found += self._encode_text(part)
        return found

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of ``tokens``; control tokens vanish, broken characters are marked."""
        data = b"".join(self._bytes(token) for token in tokens)
        return data.decode("utf-8", "replace")

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(self.pieces, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Tokenizer:
        return cls(json.loads(path.read_text(encoding="utf-8")))

    def _bytes(self, token: int) -> bytes:
        if token < _FIRST_BYTE:
            return b""
        if token < _FIRST_BYTE + 256:
            return bytes([token - _FIRST_BYTE])
        return self.pieces[token - _FIRST_BYTE - 256].replace(SPACE, " ").encode()

    def _encode_text(self, text: str) -> list[int]:
        marked = SPACE + text.replace(" ", SPACE)
        found: list[int] = []
        for word in _WORD.findall(marked):
            if word not in self._cache:  # no piece has a space inside, so words are independent
                self._cache[word] = self._encode_word(word)
            found += self._cache[word]
        return found

    def _encode_word(self, word: str) -> list[int]:
        symbols = list(word)
        while True:
            joined = [a + b for a, b in pairwise(symbols)]
            ranked = [(self._ids[pair], at) for at, pair in enumerate(joined) if pair in self._ids]
            if not ranked:
                break
            _, at = min(ranked)
            symbols[at : at + 2] = [joined[at]]
        return [token for symbol in symbols for token in self._ids_of(symbol)]

    def _ids_of(self, symbol: str) -> list[int]:
        if symbol in self._ids:
            return [self._ids[symbol]]
        return [_FIRST_BYTE + byte for byte in symbol.encode()]


def learn(texts: Iterator[str], size: int) -> Tokenizer:
    """A vocabulary of about ``size`` tokens: control tokens, bytes, syllables, joined pieces."""
    from tokenizers import Regex
    from tokenizers import Tokenizer as Learner
    from tokenizers.models import BPE
    from tokenizers.pre_tokenizers import Metaspace, Split
    from tokenizers.pre_tokenizers import Sequence as Steps
    from tokenizers.trainers import BpeTrainer

    learner = Learner(BPE())
    learner.pre_tokenizer = Steps(
        [Metaspace(SPACE, prepend_scheme="always"), Split(Regex("[.,!?]"), "isolated")]
    )
    room = size - _FIRST_BYTE - 256 - sum(1 for _ in syllables())
    trainer = BpeTrainer(vocab_size=room, min_frequency=8, show_progress=False)
    learner.train_from_iterator(texts, trainer)
    merges = json.loads(learner.to_str())["model"]["merges"]
    alphabet = sorted(piece for piece in learner.get_vocab() if len(piece) == 1)
    return Tokenizer(list(dict.fromkeys([*(a + b for a, b in merges), *alphabet, *syllables()])))


def syllables() -> Iterator[str]:
    """The 2,350 Hangul syllables in common use: those of KS X 1001."""
    for code in range(0xAC00, 0xD7A4):
        if len(chr(code).encode("euc_kr")) == 2:  # the others are spelled out, in eight bytes
            yield chr(code)


def chat(system: str, turns: Sequence[tuple[str, str]]) -> Iterator[tuple[str, bool]]:
    """A conversation in Llama 2's chat format, cut into what the user and what the robot says.

    The flag is true for the robot's part. Joined, it is what ``TEMPLATE`` renders.
    """
    head = f"<<SYS>>\n{system}\n<</SYS>>\n\n" if system else ""
    for user, reply in turns:
        yield f"<s>[INST] {head}{user} [/INST] ", False
        yield f"{reply} </s>", True
        head = ""


def _texts(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file):
            dialogue = json.loads(line)
            if number % 4 == 0:  # the same sentences again and again: each weighs less
                yield dialogue["system"]
            for turn in dialogue["turns"]:
                if turn["kind"].endswith(NAMES):
                    continue
                yield turn["user"]
                yield turn["reply"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dialogues", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--size", type=int, default=5700)
    options = parser.parse_args()
    learn(_texts(options.dialogues), options.size).save(options.out)


if __name__ == "__main__":
    main()
