"""A sentence as hashed n-grams: what the linear heads see. Pure, and the same for training.

Korean is taken apart into its letters first, so that an ending or a final consonant does not hide
a stem: 가 is ㄱㅏ, and n-grams of letters run across syllables. Character n-grams are hashed with a
polynomial over code points, all positions of one length at once; words by CRC-32. Both are stable
across machines and Python versions, unlike ``hash``.

Hashing instead of a dictionary is Weinberger et al., "Feature Hashing for Large Scale Multitask
Learning" (2009). On Korean comments n-grams of letters had an F1 of .81 where words alone had .66.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from robot_voice.hangul import letters

BITS = 20
"""Buckets are numbers below 2 ** BITS."""

SIZES = {"ko": range(3, 8), "en": range(2, 7)}
"""Lengths of the character n-grams, by language; others go like English."""

_PRIME = np.uint64(1_099_511_628_211)
_MIX = np.uint64(0x9E37_79B9_7F4A_7C15)
_WORD = re.compile(r"[\w']+|[?!]+")
_DIGITS = re.compile(r"\d")


def buckets(text: str, language: str) -> NDArray[np.int64]:
    """The sorted, distinct buckets of a normalised sentence's n-grams. Never empty."""
    text = _DIGITS.sub("0", text)
    words = _WORD.findall(text)
    spaced = f" {' '.join(words)} "
    stream = letters(spaced) if language == "ko" else spaced
    codes = np.frombuffer(stream.encode("utf-32-le", "replace"), dtype=np.uint32).astype(np.uint64)
    found = [_hashed(_word_grams(words, language), len(language))]
    rolled = np.zeros(len(codes), dtype=np.uint64)
    for size in range(1, max(_sizes(language)) + 1):
        if len(codes) < size:
            break
        rolled = rolled[: len(codes) - size + 1] * _PRIME + codes[size - 1 :]
        if size in _sizes(language):
            found.append(((rolled ^ np.uint64(size)) * _MIX) >> np.uint64(64 - BITS))
    return np.unique(np.concatenate(found)).astype(np.int64)


def _sizes(language: str) -> range:
    return SIZES.get(language, SIZES["en"])


def _word_grams(words: list[str], language: str) -> Iterable[str]:
    """Words, pairs, triples, and pairs with a gap."""
    yield "^$"
    padded = ["^", *words, "$"]
    yield from words
    yield from map(" ".join, pairwise(padded))
    yield from map(" ".join, zip(padded, padded[1:], padded[2:], strict=False))
    for first, second in zip(padded, padded[2:], strict=False):
        yield f"{first} _ {second}"
    for first, second in zip(padded, padded[3:], strict=False):
        yield f"{first} _ _ {second}"


def _hashed(grams: Iterable[str], seed: int) -> NDArray[np.uint64]:
    hashes = [zlib.crc32(gram.encode("utf-8", "replace"), seed) for gram in grams]
    return np.array(hashes, dtype=np.uint64) >> np.uint64(32 - BITS)
