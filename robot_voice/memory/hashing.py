"""Texts as vectors without a model: the hashing trick over words and parts of words. Pure.

Weinberger et al., "Feature Hashing for Large Scale Multitask Learning" (ICML 2009), over the
character n-grams of fastText (Bojanowski et al., 2017). It finds what shares words, stems and
particles with the question, in any script. It knows no meanings: "Where do I live?" does not find
"My flat is in Daegu", and nothing is found across languages. A model does that (``gguf``).
"""

from __future__ import annotations

import hashlib
import re
import struct
import unicodedata
from collections.abc import Iterator
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Vector: TypeAlias = NDArray[np.float32]
"""Of unit length, shape (n,); all zeros for a text without a meaningful word."""


class Embedder(Protocol):
    """Turns a text into a vector whose cosine with another's tells how related they are."""

    @property
    def name(self) -> str:
        """Names the vectors: those of another name cannot be compared with these."""

    @property
    def threshold(self) -> float:
        """The cosine below which texts are taken for unrelated."""

    def embed(self, text: str) -> Vector:
        """The vector of ``text``. Raises ``EngineError``."""


DIMENSIONS = 384
THRESHOLD = 0.25
"""Chosen, like the weights and the common words, on the tuning half of
``scripts/bench/memory.tsv``."""
_PLACES = 4
"""Numbers of the vector that a part adds to or takes from: so no single collision weighs much."""
_COMMON_WEIGHT = 0.5

_WORDS = re.compile(r"[가-힣]+|[^\W_가-힣]+")
_SYLLABLES = re.compile(r"[가-힣\u3040-\u30ff\u3400-\u9fff]")

_EMPTY_WORDS = """
    a an the of in on at to for from by with and or but so if as is am are was were be been being
    do does did have has had can could will would shall should may might must not no yes i me my
    mine we us our you your he him his she her it its they them their this that these those there
    here what which who whom whose when where why how please tell know remember think say said
    user robot
    about just very really also again some any much many more most than then now s t m re ve ll d
    나 내 내가 나는 난 나의 저 제 제가 저는 전 우리 우리는 너 네 네가 그 이 저기 그거 이거 것 거
    걸 건 게 수 좀 잘 뭐 뭐야 뭐지 뭘 무엇 무엇을 무슨 어떤 누구 누구야 누구지 누가 언제 언제야
    언제지 어디 어디야 어디지 어디에 어디서 왜 어떻게 있어 있어요 있다 있지 있는 있니 없어 없어요
    없다 없는 해 해요 한다 하는 했어 하지 하니 할 한 돼 되 되는 이야 이에요 예요 야 입니다 인지
    알아 알려 말해 줘 줄래 주세요 기억 기억해 기억나 혹시 그럼 그래서 그리고 근데 정말 진짜
    사용자 로봇
"""
_EMPTY = frozenset(_EMPTY_WORDS.split())
"""Words that any question or any fact may have, or any sentence on a conversation."""

_COMMON_WORDS = """
    name names called call favourite favorite like likes time day days go goes going get got take
    takes need needs want wants good best always every one never keep keeps home
    이름 제일 좋아 좋아하는 좋아해 시간 날 매달 매일 언제나 항상 집 새 시 오늘
"""
_COMMON = frozenset(_COMMON_WORDS.split())
"""Words that many facts have: they tell less."""

_PARTICLES = re.compile(
    r"(?<=[가-힣])(?:이라는|이라고|라는|라고|에서는|에게서|한테서|으로는|까지|부터|에서|에게|한테|으로|이랑|처럼|보다|마다|이야|이에요"
    r"|예요|이지|이다|은|는|이|가|을|를|의|에|도|만|로|와|과|랑|야|요)$"
)
"""What Korean hangs on a noun; one is taken off."""
_ENDINGS = re.compile(r"(?<=[a-z]{3})(?:'s|ies|ing|ed|es|s)$")
"""The commonest endings of English words."""


class HashEmbedder:
    """The embedder that needs no model: see the module."""

    name = f"hash-{DIMENSIONS}-2"  # counts up whenever a text's vector changes

    def __init__(self, threshold: float | None = None) -> None:
        self.threshold = THRESHOLD if threshold is None else threshold

    def embed(self, text: str) -> Vector:
        """Signed, weighted counts of hashed words and parts of words, scaled to unit length."""
        vector = np.zeros(DIMENSIONS, np.float32)
        for part, weight in _features(text):
            for at, sign in _places(part):
                vector[at] += sign * weight
        length = float(np.linalg.norm(vector))
        return vector / length if length else vector


def _features(text: str) -> Iterator[tuple[str, float]]:
    """What stands for a text, with its weight: words with and without endings, and their parts."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    for word in _WORDS.findall(folded):
        stem = (_PARTICLES if _SYLLABLES.match(word) else _ENDINGS).sub("", word)
        if word in _EMPTY or stem in _EMPTY:
            continue
        weight = _COMMON_WEIGHT if {word, stem} & _COMMON else 1.0
        for form in {word, stem}:  # what looks like an ending may be none: 고양이
            yield f"={form}", weight
        parts = _parts(stem)
        # However long a word is, its parts together count as much.
        for part in parts:
            yield part, weight / len(parts) ** 0.5


def _parts(word: str) -> list[str]:
    """Two syllables in scripts of syllables, three and four letters elsewhere; the word's ends
    count as letters."""
    sizes = (2,) if _SYLLABLES.match(word) else (3, 4)
    marked = f"<{word}>"
    return [marked[at : at + size] for size in sizes for at in range(len(marked) - size + 1)]


def _places(part: str) -> Iterator[tuple[int, float]]:
    """Where a part counts, and whether up or down: so collisions cancel out on average."""
    digest = hashlib.blake2b(part.encode("utf-8", "replace"), digest_size=2 * _PLACES).digest()
    for number in struct.unpack(f"<{_PLACES}H", digest):
        yield (number >> 1) % DIMENSIONS, 1.0 if number & 1 else -1.0
