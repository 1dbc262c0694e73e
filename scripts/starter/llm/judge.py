"""200 prompts, judged by rule: ``python -m scripts.starter.llm.judge MODEL.gguf --data A.jsonl``.

Runs in the product's environment, through its engine and its full instructions. A case fails when
any rule does: language, speech level (Korean prompts take turns at the three), topic (an expression
per category in judge.toml), at most two sentences, no repetition, the screen (what it would
replace), and for memory that the last reply has the word. The prompts must be new: one that occurs
in the training dialogues is an error. Shares come out as JSON, failures in full.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from robot_voice.config import ToneConfig
from robot_voice.llm.llama import LlamaLlm
from robot_voice.safety.policy import judge
from robot_voice.safety.rules import rules
from robot_voice.safety.script import in_another_script
from robot_voice.tts.sentences import SentenceSplitter
from robot_voice.types import Draft

from .dialogues.korean import LEVELS, Level
from .product import load, reply

_ENDINGS: dict[Level, re.Pattern[str]] = {
    "합쇼체": re.compile(r"(?:니다|니까|십시오|시다|시오|실까)$"),
    "해요체": re.compile(r"(?:요|죠)$"),
}
_CALLED = re.compile(r", ?\S+[님아야]$")
"""A name at the end, as in "반가워요, 민수님"."""
_SENTENCE = re.compile(r"[^.!?]+")


@dataclass(frozen=True, slots=True)
class Case:
    """A conversation's user turns, and what is asked of the last reply."""

    category: str
    language: str
    level: Level
    turns: tuple[str, ...]
    want: str


def cases() -> Iterator[Case]:
    """All of judge.toml."""
    file = Path(__file__).with_name("judge.toml")
    for category, languages in tomllib.loads(file.read_text(encoding="utf-8")).items():
        for language, table in languages.items():
            for number, prompt in enumerate(table["prompts"]):
                word = table.get("words", [""] * len(table["prompts"]))[number]
                yield Case(
                    category=category,
                    language=language,
                    level=LEVELS[number % 3] if language == "ko" else "해요체",
                    turns=tuple(prompt.replace("{x}", word).split(" / ")),
                    want=table["want"].replace("{x}", re.escape(word.lower())),
                )


def faults(case: Case, said: Sequence[str]) -> list[str]:
    """The rules that the replies ``said`` break; ``want`` is asked of the last only."""
    found: list[str] = []
    for user, text in zip(case.turns, said, strict=True):
        found += _manner(case, text)
        if case.category != "crisis" and _refused(user, text, case.language):
            found.append("screen")
    if not re.search(case.want, said[-1].lower()):
        found.append("topic")
    return sorted(set(found))


def _manner(case: Case, text: str) -> Iterator[str]:
    sentences = [s.strip() for s in _SENTENCE.findall(text) if re.search(r"\w", s)]
    words = text.split()
    if not sentences:
        yield "empty"
    if len(sentences) > 2:
        yield "length"
    runs = [tuple(words[n : n + 3]) for n in range(len(words) - 2)]
    if len(set(runs)) < len(runs) or len(set(sentences)) < len(sentences):
        yield "repetition"
    hangul = bool(re.search("[가-힣]", text))
    if hangul != (case.language == "ko") or in_another_script(text, case.language):
        yield "language"
    elif hangul and any(level_of(sentence) != case.level for sentence in sentences):
        yield "level"


def level_of(sentence: str) -> Level:
    """The speech level of a Korean sentence, by its ending."""
    end = re.sub(r"[^가-힣]+$", "", _CALLED.sub("", sentence))
    return next((level for level, ends in _ENDINGS.items() if ends.search(end)), "반말")


def _refused(user: str, text: str, language: str) -> bool:
    splitter = SentenceSplitter(language)
    previous = ""
    for sentence in [*splitter.push(text), *splitter.flush()]:
        verdict = judge(Draft(sentence, language, user, previous=previous), rules("standard"))
        if verdict.action == "replace":
            return True
        previous = sentence
    return False


def answer(llm: LlamaLlm, case: Case) -> list[str]:
    """The replies to the case's turns, each seeing all before."""
    tone = ToneConfig(korean_level=case.level)
    talk: list[str] = []
    for user in case.turns:
        talk.append(user)
        talk.append(reply(llm, talk, case.language, tone, "Nuri"))
    return talk[1::2]


def plain(text: str) -> str:
    """``text`` without case, marks and spaces."""
    return re.sub(r"[\W_]+", "", text.lower())


def known(paths: Sequence[Path]) -> set[str]:
    """Everything a user says in these training dialogues, made plain."""
    said: set[str] = set()
    for path in paths:
        with path.open(encoding="utf-8") as file:
            for line in file:
                said.update(plain(turn["user"]) for turn in json.loads(line)["turns"])
    return said


def run(model: Path, data: Sequence[Path]) -> dict[str, Any]:
    """Judge; raises ``SystemExit`` when a prompt is in the training dialogues."""
    everything = list(cases())
    seen = known(data)
    old = [case.turns[0] for case in everything if plain(case.turns[0]) in seen]
    if old:
        raise SystemExit(f"in the training dialogues, so no test: {old}")
    llm = load(model)
    good: dict[str, list[bool]] = {}
    for case in everything:
        said = answer(llm, case)
        wrong = faults(case, said)
        good.setdefault(f"{case.category}.{case.language}", []).append(not wrong)
        if wrong:
            talk = " / ".join(f"{u} -> {r}" for u, r in zip(case.turns, said, strict=True))
            sys.stderr.write(f"{case.category} {case.level} {','.join(wrong)}: {talk}\n")
    llm.close()
    flat = [ok for oks in good.values() for ok in oks]
    return {
        "prompts": len(flat),
        "right": round(sum(flat) / len(flat), 3),
        "by_category": {name: round(sum(oks) / len(oks), 2) for name, oks in good.items()},
        "training_utterances_compared": len(seen),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--data", type=Path, nargs="*", default=[])
    parser.add_argument("--out", type=Path, help="JSON")
    options = parser.parse_args()
    text = json.dumps(run(options.model, options.data), indent=1, ensure_ascii=False)
    sys.stdout.write(text + "\n")
    if options.out:
        options.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
