"""What is to become of a sentence: the rules, in the order they are asked. Pure.

1. A sentence that cannot be judged (too long, broken code, control characters) is not said, nor is
   one in another script than its language's, which its voice could not speak.
2. Words and phrases of the lexicon, in this sentence or completed by it, and sentences that
   somebody has said hurt them.
3. What the heads think of it, alone and with an unfinished sentence before it.
4. To someone who shows feeling, the reply must fit: no laughter or praise at sorrow, the feeling
   before anything else.
5. Asked whether it is human, the robot says what it is.

Warnings ("Stop! The stove is hot!") are never delayed or softened; only 1 and 2 and a head that is
sure keep them back. The floor cannot be lowered: ``sensitivity`` only adds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from robot_voice.types import Draft

from . import heads, lexicon
from .emotion import SOBER
from .normalise import Views, is_sound, normalise
from .patterns import found
from .reading import Reading, read
from .rules import Limits, Rules
from .script import in_another_script

MAX_CHARS = 400
"""Nobody listens to a longer sentence, and no rule here was tried on one."""

_CONTEXT_CHARS = 120

Outcome: TypeAlias = Literal["pass", "gray", "soften", "replace", "crisis"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do with a draft. ``template`` names the sentence said in its place."""

    action: Outcome
    category: str = ""
    template: str = ""
    span: tuple[int, int] | None = None
    """The words it is about, as offsets in the draft's text."""
    score: float = 0.0
    """Probability, where a head decided."""
    scores: dict[str, float] | None = None
    """What the heads for replies gave; None if they were not asked."""


PASS = Verdict("pass")

_ORDER: dict[Outcome, int] = {"pass": 0, "gray": 1, "soften": 2, "replace": 3, "crisis": 4}


def judge(draft: Draft, rules: Rules, crisis: bool = False) -> Verdict:
    """Whether ``draft`` may be said. "gray" is for a judge to decide (see ``settle``). ``crisis``:
    somebody was in danger in this session, and there are no jokes."""
    verdict = _unspeakable(draft)
    if verdict is not None:
        return verdict
    views = normalise(draft.text)
    verdict = _worded(views, draft.previous, rules)
    if verdict is not None:
        return verdict
    if crisis and found("cheer", views.strict):
        return Verdict("replace", "out_of_place", "context")
    reading = read(draft.user, draft.user_language or draft.language)
    scores = _scores(draft, views)
    toxic = _by_head("toxic", scores, rules.toxic)
    if toxic.score < EXCUSED and lexicon.load().excuses(views):
        toxic = PASS  # the head does not know why the word is there, the lexicon does
    verdicts = [
        toxic,
        _by_head("hurt", scores, rules.hurt),
        _out_of_place(draft, views, reading, scores, rules.context),
    ]
    if not scores and not heads.load(draft.language):
        verdicts.append(Verdict("gray", "unknown_language", "hurt"))  # only a judge can tell
    worst = max(verdicts, key=lambda verdict: _gravity(verdict, rules))
    if worst.action in ("gray", "soften") and found("warning", views.strict):
        worst = PASS
    return replace(worst, scores=scores)


def _gravity(verdict: Verdict, rules: Rules) -> tuple[int, float]:
    """Of several verdicts the gravest counts, of several doubts the most likely one."""
    return _ORDER[verdict.action], verdict.score - rules.of(verdict.category).middle


def settle(verdict: Verdict, rules: Rules, unkind: float | None) -> Verdict:
    """The end of doubt. ``unkind``: how likely a judge thinks the sentence breaks the rules; None:
    there is no judge, or it did not answer in time."""
    if verdict.action != "gray":
        return verdict
    if unkind is None:
        sure = verdict.score >= rules.of(verdict.category).middle
        return replace(verdict, action="soften" if sure else "pass")
    return replace(verdict, action="soften" if unkind >= JUDGE_SURE else "pass")


JUDGE_SURE = 0.5
"""Probability from which a judge's yes is one."""


def _unspeakable(draft: Draft) -> Verdict | None:
    """Can the sentence not be judged, or not be spoken?"""
    if len(draft.text) > MAX_CHARS:
        return Verdict("replace", "too_long", "fallback")
    if not is_sound(draft.text):
        return Verdict("replace", "invalid", "fallback")
    if in_another_script(draft.text, draft.language):
        return Verdict("replace", "wrong_language", "wrong_language")
    return None


def _worded(views: Views, previous: str, rules: Rules) -> Verdict | None:
    """The worst word or phrase of the lexicon in it."""
    words = lexicon.load()
    hits: list[tuple[lexicon.Hit, tuple[int, int] | None]] = [
        (hit, views.span(hit.view, hit.start, hit.end)) for hit in words.hits(views)
    ]
    before = _unfinished(previous)
    if before:  # an insult may be dealt over two drafts
        for gap in (" ", ""):  # a run that is too long is cut in mid-word
            both = f"{before}{gap}{views.strict}"
            cut = len(before) + len(gap)
            hits += [(hit, None) for hit in words.phrases(both) if hit.end > cut]
    grave = [(hit, span) for hit, span in hits if hit.severity >= rules.severity]
    if not grave:
        return None
    hit, span = max(grave, key=lambda pair: pair[0].severity)
    return Verdict("replace", hit.category, hit.category, span, 1.0)


def _unfinished(previous: str) -> str:
    """The sentence before, if this one goes on with it."""
    before = normalise(previous[-_CONTEXT_CHARS:]).strict
    return before if before and before[-1] not in ".!?。！？" else ""


def _scores(draft: Draft, views: Views) -> dict[str, float]:
    trained = heads.load(draft.language)
    if trained is None or not views.loose:
        return {}
    logits = trained.logits(views.strict, "reply")
    doubtful = max(logits["toxic"], logits["hurt"]) > NO_DOUBT
    if doubtful and views.loose != views.strict:  # undoing a disguise may ruin "gate 455"
        other = trained.logits(views.loose, "reply")
        logits = {name: min(logit, other[name]) for name, logit in logits.items()}
    before = _unfinished(draft.previous)
    if before:
        both = trained.logits(f"{before} {views.loose}", "reply")
        logits = {name: max(logit, both[name]) for name, logit in logits.items()}
    return {name: heads.probability(logit) for name, logit in logits.items()}


def _by_head(name: str, scores: dict[str, float], limits: Limits) -> Verdict:
    score = scores.get(name, 0.0)
    if score < limits.doubt:
        return PASS
    action: Outcome = "replace" if score >= limits.block else "gray"
    return Verdict(action, name, "hurt", score=score)


def _out_of_place(
    draft: Draft, views: Views, reading: Reading, scores: dict[str, float], limits: Limits
) -> Verdict:
    """Does the sentence not fit what the user said?"""
    asked = normalise(draft.user[-2 * MAX_CHARS :]).strict
    evasive = not draft.previous and not found("says_what", views.strict)
    if evasive and found("asked_what", asked):
        return Verdict("replace", "disclosure", "human_claim")
    feeling = reading.feeling
    if feeling in SOBER and not found("asked_for_fun", asked):
        if found("cheer", views.strict):
            return Verdict("replace", "out_of_place", feeling)
        begins = not draft.previous and feeling != "anger"
        warm = found("empathy", views.strict) or found("asked_to_do", asked)
        if begins and not warm and scores.get("context", 1.0) >= COLD:
            return Verdict("replace", "out_of_place", feeling)
    return _in_context(reading, scores, limits)


NO_DOUBT = -2.2
"""Logit (a probability of .1) below which no row of the table is in doubt."""

EXCUSED = 0.95
"""Probability from which the head ``toxic`` overrules the lexicon's excuse for a word."""

COLD = 0.3
"""Probability of the head ``context`` from which an answer to sorrow that has none of the words of
comfort is cold."""

TENDER, TENDER_ALONE = 0.25, 0.5
"""Probability that the user is easily hurt just now, from which the head ``context`` is asked: if
their likeliest emotion agrees, and if it does not. To others the same reply is fine: "Great!"."""


def _in_context(reading: Reading, scores: dict[str, float], limits: Limits) -> Verdict:
    sure = reading.emotion in SOBER
    if not reading.danger and reading.scores.get("tender", 0.0) < (
        TENDER if sure else TENDER_ALONE
    ):
        return PASS
    verdict = _by_head("context", scores, limits)
    template = reading.feeling if reading.feeling in SOBER else "context"
    return replace(verdict, template=template) if verdict.action != "pass" else PASS
