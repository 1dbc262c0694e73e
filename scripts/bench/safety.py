"""How well the safety filter does, on open data that no head is trained on.

    python -m scripts.bench.safety [--folds 5] [--examples 20]

Everything goes through what ``robot-voice screen`` does, with the shipped configuration and no
judge. Caught, and blocked by mistake, is what is "block" or "soften"; "gray" is neither, since the
robot would say it. ``--folds`` judges the heads on our own sentences by cross-validation instead
(minutes; needs the extra [safety]; see ``safety_folds``). ``--examples`` prints that many
sentences of every kind that went wrong; none of them is kept.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from robot_voice.safety import heads
from robot_voice.safety.examination import Examined, examine_reply, examine_user
from robot_voice.safety.normalise import normalise
from robot_voice.safety.reading import EMOTIONS
from robot_voice.safety.screen import SafetyScreen
from robot_voice.safety_config import SafetyConfig
from scripts.safety import corpora

from . import safety_inputs as inputs
from .common import defaults, machine, save
from .safety_figures import balanced, f1, limit_at, macro_f1, recall_at, share, tally
from .safety_inputs import LANGUAGES, SEVERE, Case
from .safety_timing import timing

RATES = (0.03, 0.01)
"""False-positive rates at which recall is told."""

EACH_KIND = 40
"""Disguised sentences of a kind and label."""


class Examiner:
    """The shipped filter, and what it got wrong."""

    def __init__(self, examples: int = 0) -> None:
        self.screen = SafetyScreen(SafetyConfig())
        self._examples = examples
        self._told: dict[str, int] = defaultdict(int)

    def reply(self, case: Case) -> Examined:
        return examine_reply(self.screen, case.text, case.language, case.user)

    def user(self, case: Case) -> Examined:
        return examine_user(self.screen, case.text, case.language)

    def caught(self, cases: Iterable[Case], where: str) -> list[bool]:
        """Of each reply, whether the robot would not say it."""
        return [self.tell(where, case, self.reply(case)) for case in cases]

    def tell(self, where: str, case: Case, found: Examined) -> bool:
        """Whether it is caught; prints it if it should not be, or should."""
        is_caught = found.action in ("block", "soften", "crisis")
        if is_caught != case.positive:
            self.print(f"{where} {case.group}", case, f"{found.action} {found.category}")
        return is_caught

    def print(self, where: str, case: Case, made_of_it: str) -> None:
        self._told[where] += 1
        if self._told[where] <= self._examples and not where.startswith("_"):
            said = f"{case.user!r} -> " if case.user else ""
            sys.stdout.write(f"{where}\t{case.label}\t{made_of_it}\t{said}{case.text}\n")


def score(case: Case, found: Examined) -> float:
    """How hurtful the heads think a reply is; 1 more where something else had decided before."""
    scores = found.scores or _asked(case)
    hurtful = max(scores.get("toxic", 0.0), scores.get("hurt", 0.0))
    return hurtful if found.scores else hurtful + (found.action == "block")


def _asked(case: Case) -> dict[str, float]:
    trained, loose = heads.load(case.language), normalise(case.text).loose
    logits = trained.logits(loose, "reply") if trained and loose else {}
    return {name: heads.probability(logit) for name, logit in logits.items()}


def replies(examiner: Examiner, language: str) -> dict[str, Any]:
    """Hurtful and hard benign replies: ``hurtcheck_*``."""
    cases = inputs.sample(f"hurtcheck_{language}")
    found = [examiner.reply(case) for case in cases]
    caught = [
        examiner.tell(f"hurtcheck_{language}", *pair) for pair in zip(cases, found, strict=True)
    ]

    def of(wanted: Callable[[Case], bool]) -> dict[str, Any]:
        return share([hit for case, hit in zip(cases, caught, strict=True) if wanted(case)])

    scores = [score(*pair) for pair in zip(cases, found, strict=True)]
    groups: dict[str, list[bool]] = defaultdict(list)
    for case, hit in zip(cases, caught, strict=True):
        groups[case.group].append(hit)
    return {
        "hurtful": of(lambda case: case.positive),
        "false_blocks": of(lambda case: not case.positive),
        "severe": of(lambda case: case.group in SEVERE),
        "self_harm": of(lambda case: case.group == "h_selfharm"),
        "gray": {
            name: tally([one.action == "gray" for one in _labelled(label, cases, found)])
            for name, label in (("hurtful", "1"), ("benign", "0"))
        },
        "functions": {group: tally(hits) for group, hits in sorted(groups.items())},
        "at_rate": {str(rate): _at_rate(cases, scores, rate) for rate in RATES},
    }


def _labelled(label: str, cases: Sequence[Case], values: Sequence[Any]) -> list[Any]:
    return [value for case, value in zip(cases, values, strict=True) if case.label == label]


def _at_rate(cases: Sequence[Case], scores: Sequence[float], rate: float) -> dict[str, Any]:
    """Recall with the heads' limit moved to where ``rate`` of the benign would be caught: of all
    hurtful ones, the severe ones, and each function."""
    benign = _labelled("0", cases, scores)
    limit = limit_at(benign, rate)
    groups: dict[str, list[bool]] = defaultdict(list)
    for case, value in zip(cases, scores, strict=True):
        if case.positive:
            groups[case.group].append(value > limit)
    return {
        "hurtful": recall_at(_labelled("1", cases, scores), benign, rate),
        "severe": share([hit for group in SEVERE for hit in groups[group]]),
        "functions": {group: tally(hits) for group, hits in sorted(groups.items())},
    }


def obfuscated(examiner: Examiner, language: str) -> dict[str, Any]:
    """``obf_*``, and unseen kinds on held-out sentences."""

    def plain_is_caught(text: str) -> bool:
        return examiner.reply(Case(text, language, "1")).action in ("block", "soften")

    def judged(cases: Iterable[Case], where: str = "") -> dict[str, Any]:
        return _by_kind(examiner, cases, f"{where}_{language}")

    cases = inputs.obfuscated(language)
    return {
        "open": judged(cases, "obf"),
        "open, never trained on": judged([case for case in cases if not case.trained]),
        "unseen": judged(inputs.disguised(language, EACH_KIND, plain_is_caught), "disguised"),
        "unseen, word alone": judged(
            inputs.disguised(language, EACH_KIND, plain_is_caught, alone=True), "word_alone"
        ),
    }


def _by_kind(examiner: Examiner, cases: Iterable[Case], where: str) -> dict[str, Any]:
    sides: dict[str, dict[str, list[bool]]] = {"caught": {}, "false_blocks": {}}
    for case in cases:
        hit = examiner.tell(where, case, examiner.reply(case))
        sides["caught" if case.positive else "false_blocks"].setdefault(case.group, []).append(hit)
    return {
        side: {
            "all": share([hit for hits in kinds.values() for hit in hits]),
            "kinds": {kind: tally(hits) for kind, hits in sorted(kinds.items())},
        }
        for side, kinds in sides.items()
    }


def context(examiner: Examiner) -> dict[str, Any]:
    cases = inputs.sample("ctx")
    caught = examiner.caught(cases, "ctx")
    passed = [not hit for hit in _labelled("0", cases, caught)]
    return balanced(_labelled("1", cases, caught), passed)


def crisis(examiner: Examiner, language: str) -> dict[str, Any]:
    """Share taken for a crisis, by kind: of ``c_*`` all should be, of ``n_*`` none."""
    cases = inputs.sample(f"crisis_{language}")
    kinds: dict[str, list[bool]] = defaultdict(list)
    for case in cases:
        found = examiner.user(case)
        hit = found.action == "crisis"
        kinds[case.group].append(hit)
        kinds["recall" if case.positive else "false_alarms"].append(hit)
        if hit != case.positive:
            examiner.print(f"crisis_{language} {case.group}", case, found.action)
    false, right = kinds.pop("false_alarms"), kinds.pop("recall")
    return {
        "recall": share(right),
        "false_alarms": share(false),
        "kinds": {kind: tally(hits) for kind, hits in sorted(kinds.items())},
    }


def emotion(examiner: Examiner, cases: Sequence[Case], where: str) -> dict[str, Any]:
    """The first guess: how often right where one emotion is named, F1 of these, and how often among
    the named where several are. ``several_macro_f1`` asks each head alone, from .5 on."""
    guesses, readings = [], []
    for case in cases:
        reading = examiner.user(case).reading
        readings.append(reading.scores)
        guesses.append(reading.emotion)
        if reading.emotion not in case.label.split("|"):
            examiner.print(where, case, f"{reading.emotion} {reading.confidence:.2f}")
    named = [case.label.split("|") for case in cases]
    one = [at for at, names in enumerate(named) if len(names) == 1]
    truths, first = [cases[at].label for at in one], [guesses[at] for at in one]
    each = [
        f1([name in names for names in named], [scores.get(name, 0) >= 0.5 for scores in readings])
        for name in EMOTIONS
    ]
    return {
        "accuracy": share([truth == guess for truth, guess in zip(truths, first, strict=True)]),
        "macro_f1": macro_f1(truths, first, EMOTIONS),
        "hit": share([guess in names for guess, names in zip(guesses, named, strict=True)]),
        "several_macro_f1": round(sum(found["f1"] for found in each) / len(each), 4),
    }


def comments(examiner: Examiner, name: str) -> dict[str, Any]:
    """F1 of people's comments, with "block" and "soften" as 1."""
    cases = inputs.held_out(name, inputs.COMMENTS[name])
    return f1([case.positive for case in cases], examiner.caught(cases, name))


def measure(examiner: Examiner) -> dict[str, Any]:
    emotional = {f"emo_{lang}": inputs.sample(f"emo_{lang}") for lang in LANGUAGES}
    emotional["goemotions"] = inputs.held_out("goemotions", "en")
    return {
        "replies": {lang: replies(examiner, lang) for lang in LANGUAGES},
        "calm": {
            name: share(examiner.caught(inputs.held_out(name, language), name))
            for name, language in inputs.CALM.items()
        },
        "obfuscated": {lang: obfuscated(examiner, lang) for lang in LANGUAGES},
        "context": context(examiner),
        "crisis": {lang: crisis(examiner, lang) for lang in LANGUAGES},
        "emotion": {name: emotion(examiner, cases, name) for name, cases in emotional.items()},
        "comments": {name: comments(examiner, name) for name in inputs.COMMENTS},
        "timing": timing(examiner.screen),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--folds", type=int, default=0, help="cross-validate our own sentences")
    parser.add_argument("--examples", type=int, default=0, help="print what went wrong")
    options = parser.parse_args()
    if not corpora.present():
        raise SystemExit(f"no open data in {corpora.SHARED}: see scripts/safety/corpora.py")
    command = "python -m scripts.bench.safety"
    about = {"command": command, "machine": machine(defaults())}
    if options.folds:
        from .safety_folds import cross_validate  # needs scikit-learn

        about["command"] = f"{command} --folds {options.folds}"
        save("safety_folds", {**about, **cross_validate(options.folds)})
    else:
        save("safety", {**about, **measure(Examiner(options.examples))})


if __name__ == "__main__":
    main()
