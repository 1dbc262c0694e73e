"""The heads on our own sentences, by cross-validation with groups.

A group is a function and a situation, and what was written for one is never both trained and tested
on. Besides, each hurtful function is left out as a whole: how much is caught of a kind of
hurt that nobody wrote sentences for? The heads are judged alone here, without lexicon and rules;
our benign sentences are hard ones, near misses of the hurtful.

Needs scikit-learn (the extra [safety]) and some minutes.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from robot_voice.safety.heads import probability
from robot_voice.safety.reading import URGENT
from scripts.safety import fit
from scripts.safety.sentences import Scene, Sentence, scenes, sentences
from scripts.safety.sets import Example, Keep, reply_examples, user_examples
from scripts.safety.train import REPLY_BITS, STRENGTH, USER_BITS

from .safety_figures import balanced, limit_at, recall_at, share, tally
from .safety_inputs import LANGUAGES, SEVERE

BITS = REPLY_BITS["hurt"]
"""For all heads of replies: the figures differ by less than their intervals."""

RATE = 0.03
"""Of our own benign sentences that are blocked."""


def cross_validate(folds: int) -> dict[str, Any]:
    """The figures of both languages; ``folds``: parts of the split."""
    return {
        "folds": folds,
        "hurt": {language: hurt(language, folds) for language in LANGUAGES},
        "context": {language: context(language, folds) for language in LANGUAGES},
        "urgent": {language: urgent(language, folds) for language in LANGUAGES},
    }


def hurt(language: str, folds: int) -> dict[str, Any]:
    """Recall by function where three of a hundred benign replies are blocked."""
    scores: dict[str, list[float]] = defaultdict(list)
    for fold in range(folds):
        head = _learn("hurt", language, _all_but(fold, folds))
        tested = [one for one in sentences("replies", language) if one.fold(folds) == fold]
        for one, logit in zip(tested, _logits(head, tested, language, BITS), strict=True):
            scores[one.function].append(logit)
        _say(f"{language}: hurt, fold {fold + 1} of {folds}")
    hurtful = {name: values for name, values in sorted(scores.items()) if name[0] == "h"}
    benign_by = {name: values for name, values in sorted(scores.items()) if name[0] == "b"}
    benign = [value for values in benign_by.values() for value in values]
    severe = [value for name in SEVERE for value in hurtful[name]]
    limit = limit_at(benign, RATE)
    return {
        "recall": recall_at([v for values in hurtful.values() for v in values], benign, RATE),
        "severe": recall_at(severe, benign, RATE),
        "probability": round(probability(limit), 3),
        "functions": {name: _above(limit, values) for name, values in hurtful.items()},
        "blocked": {name: _above(limit, values) for name, values in benign_by.items()},
        "left_out": {name: _left_out(name, language, limit) for name in hurtful},
    }


def _above(limit: float, logits: Iterable[float]) -> str:
    return tally([logit > limit for logit in logits])


def _left_out(function: str, language: str, limit: float) -> str:
    """Recall of a function that was never trained on, at the limit of the cross-validation."""

    def keep(one: Sentence | Scene) -> bool:
        return isinstance(one, Scene) or one.function != function

    head = _learn("hurt", language, keep)
    tested = [one for one in sentences("replies", language) if one.function == function]
    found = _above(limit, _logits(head, tested, language, BITS))
    _say(f"{language}: {function} left out: {found}")
    return found


def context(language: str, folds: int) -> dict[str, Any]:
    """Of pairs of replies to the same words: how often each is judged right, and how often the
    hurtful one is thought the worse of the two."""
    bad: list[float] = []
    good: list[float] = []
    for fold in range(folds):
        head = _learn("context", language, _all_but(fold, folds))
        tested = [scene for scene in scenes(language) if scene.fold(folds) == fold]
        for into, texts in (
            (bad, [scene.bad for scene in tested]),
            (good, [scene.good for scene in tested]),
        ):
            into += head.logits(fit.rows(texts, language, BITS)).tolist()
    _say(f"{language}: context")
    right = [worse > better for worse, better in zip(bad, good, strict=True)]
    return {
        "balanced": balanced([value > 0 for value in bad], [value <= 0 for value in good]),
        "worse_of_two": share(right),
    }


def urgent(language: str, folds: int) -> dict[str, str]:
    """Share of what users say that is taken for a cry for help, by function."""
    hits: dict[str, list[bool]] = defaultdict(list)
    for fold in range(folds):
        head = _learn("urgent", language, _all_but(fold, folds))
        tested = [one for one in sentences("users", language) if one.fold(folds) == fold]
        for one, logit in zip(tested, _logits(head, tested, language, USER_BITS), strict=True):
            hits[one.function].append(probability(logit) >= URGENT)
    _say(f"{language}: urgent")
    return {name: tally(each) for name, each in sorted(hits.items())}


def _all_but(fold: int, folds: int) -> Keep:
    return lambda one: one.fold(folds) != fold


def _learn(name: str, language: str, keep: Keep) -> fit.Head:
    users = name == "urgent"
    source = user_examples if users else reply_examples
    examples: list[Example] = list(source(name, language, keep))
    matrix = fit.rows(
        [example.text for example in examples], language, USER_BITS if users else BITS
    )
    labels = np.array([example.positive for example in examples])
    weights = np.array([example.weight for example in examples], dtype=np.float32)
    return fit.fit(matrix, labels, weights, STRENGTH[name])


def _logits(
    head: fit.Head, tested: Sequence[Sentence], language: str, bits: int
) -> Iterable[float]:
    texts = [one.text for one in tested]
    return [float(logit) for logit in head.logits(fit.rows(texts, language, bits))]


def _say(what: str) -> None:
    sys.stderr.write(f"{what}\n")
