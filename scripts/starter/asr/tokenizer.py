"""Byte-level BPE over the domain's words, and Whisper's special tokens.

Twelve hundred pieces do what OpenAI's fifty thousand would: the output layer of a tiny network is
mostly its vocabulary. The order of the special tokens is OpenAI's, because CTranslate2 and
faster-whisper count on it; places for languages that are not trained yet are kept free, so that
learning one later does not move the other tokens.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

from . import grammar

LANGUAGES = ("en", "ko")
FREE = 5
"""Languages that may be learned later."""
PIECES = 1200
STAMPS = 501
"""Time stamps of 20 ms: 10 s. Not trained; the library needs them to be there."""
SENTENCES = 40_000
"""Drawn from the grammar to learn the pieces from."""
EMPTY = "<|empty|>"
"""Stands for the empty string, which CTranslate2 wants to see in a multilingual vocabulary."""
SPECIAL = (
    EMPTY,
    "<|endoftext|>",
    "<|startoftranscript|>",
    *(f"<|{language}|>" for language in LANGUAGES),
    *(f"<|unused{place}|>" for place in range(FREE)),
    *("<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>"),
    *("<|nospeech|>", "<|notimestamps|>"),
)
# faster-whisper forbids the first piece of each of these: as one piece, it forbids no space.
SYMBOLS = " ♩ ♪ ♫ ♬ ♭ ♮ ♯ -- - '"


def number_of(tokenizer: Tokenizer, token: str) -> int:
    """The number of a token that must be there. Raises ``KeyError``."""
    number = tokenizer.token_to_id(token)
    if number is None:
        raise KeyError(f"the tokenizer has no {token}: it belongs to another recipe")
    return int(number)


def build(path: Path, transcripts: Iterable[str]) -> Tokenizer:
    """Learn the pieces from the grammar and ``transcripts``, and write ``tokenizer.json``."""
    sentences, rng = grammar.load(), random.Random(1)
    lines = [SYMBOLS] * 3000
    for index in range(SENTENCES):
        sentence = sentences.draw(rng, LANGUAGES[index % 2])
        lines += [f" {sentence.text}", f" {sentence.english}"]
    lines += [f" {text}" for text in transcripts]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=PIECES,
        min_frequency=20,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(lines, trainer)
    special = [AddedToken(token, special=True, normalized=False) for token in SPECIAL]
    stamps = (f"<|{stamp * 0.02:.2f}|>" for stamp in range(STAMPS))
    tokenizer.add_special_tokens(special)
    tokenizer.add_tokens([AddedToken(stamp, special=False, normalized=False) for stamp in stamps])
    tokenizer.save(str(path))
    return tokenizer
