"""How fast and how well the robot remembers, and whether it forgets.

    python -m scripts.bench.memory [--embedder MODEL.gguf] [--memories 10000] [--save]

Printed are

* what is shown to the model for the questions of ``memory.tsv``: the share of the notes shown that
  help with the question (precision@3), the share of questions whose note is among them (hit@3), and
  of those without one for which something was shown all the same (false); the built-in embedder was
  set on the tuning half, so the held-out half counts;
* milliseconds of a recall among ``--memories``, the file closed and opened again for each, with
  numpy and, where this Python loads extensions, with sqlite-vec;
* how often a word of what was remembered is found in the data folder, before "forget everything
  about me" and after it.
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from robot_voice.memory import search
from robot_voice.memory.hashing import Embedder, HashEmbedder
from robot_voice.memory.recall import relevant
from robot_voice.memory.requests import trimmed
from robot_voice.memory.store import MemoryStore

from .common import defaults, machine, save, spread

SENTENCES = Path(__file__).with_name("memory.tsv")
MEMORIES = 10_000
RECALLS = 200
SEED = 7
DAYS = 300
"""Over which the memories are spread."""
Facts = dict[str, tuple[str, str]]
"""Language and text by name."""


@dataclass(frozen=True, slots=True)
class Ask:
    language: str
    wanted: frozenset[str]
    """The facts that help; none for a question that has nothing to do with them."""
    text: str
    held_out: bool


def read() -> tuple[Facts, list[Ask]]:
    """``memory.tsv``."""
    facts: Facts = {}
    asks: list[Ask] = []
    for line in SENTENCES.read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        kind, language, name, text = line.split("\t")
        if kind == "fact":
            facts[name] = (language, trimmed(text))
        else:
            before = sum(ask.language == language for ask in asks)
            wanted = frozenset(name.split(",")) - {"-"}
            asks.append(Ask(language, wanted, text, before % 2 == 1))
    return facts, asks


def quality(embedder: Embedder) -> dict[str, Any]:
    """By half and language."""
    facts, asks = read()
    names = {text: name for name, (_, text) in facts.items()}
    with tempfile.TemporaryDirectory() as folder:
        store = MemoryStore(Path(folder) / "memory.db", embedder)
        fill(store, list(facts.values()))
        shown = []
        for ask in asks:
            notes = relevant(store.nearest(ask.text), store.threshold, time.time())
            shown.append((ask, {names[note.text] for note in notes}))
    result = {}
    for half in ("tuning", "held_out"):
        of_half = [pair for pair in shown if pair[0].held_out == (half == "held_out")]
        groups = {code: [p for p in of_half if p[0].language == code] for code in ("en", "ko")}
        result[half] = {name: figures(group) for name, group in groups.items()}
        result[half]["all"] = figures(of_half)
    return result


def figures(shown: Sequence[tuple[Ask, set[str]]]) -> dict[str, Any]:
    asked = [(ask.wanted, names) for ask, names in shown if ask.wanted]
    strange = [names for ask, names in shown if not ask.wanted]
    helping = sum(len(wanted & names) for wanted, names in asked)
    every = sum(len(names) for _, names in asked)
    return {
        "questions": len(asked),
        "precision_at_3": round(helping / max(1, every), 3),
        "hit_at_3": round(sum(bool(wanted & names) for wanted, names in asked) / len(asked), 3),
        "unrelated": len(strange),
        "false": sum(bool(names) for names in strange),
    }


def fill(store: MemoryStore, texts: Sequence[tuple[str, str]]) -> None:
    """Put these (language, text) into the store, at once."""
    language, text = texts[0]
    store.remember(text, language)  # which makes the file
    now = time.time()
    dice = random.Random(SEED)
    rows = [(now - dice.uniform(0, DAYS * 86_400), code, text) for code, text in texts[1:]]
    with closing(sqlite3.connect(store.path)) as database:
        insert = "INSERT INTO notes (at, kind, language, text) VALUES (?, 'fact', ?, ?)"
        database.executemany(insert, rows)
        database.commit()
    store.reindex()


def many(count: int) -> list[tuple[str, str]]:
    """``count`` different memories: the facts, with people and years put before them."""
    facts, _ = read()
    dice = random.Random(SEED)
    people = {"en": ("Alex", "Bo", "Cleo", "Dana", "Eli"), "ko": ("가람", "나래", "다솜", "라온")}
    made: dict[str, str] = {}
    while len(made) < count:
        language, text = dice.choice(list(facts.values()))
        who, year = dice.choice(people[language]), dice.randrange(1900, 2100)
        said = f"{who} said in {year}: " if language == "en" else f"{year}년에 {who} 말로는 "
        made[said + text] = language
    return [(language, text) for text, language in made.items()]


def speed(embedder: Embedder, count: int) -> tuple[dict[str, Any], dict[str, int]]:
    """Milliseconds; and what of the words is in the folder before and after forgetting."""
    texts = many(count)
    with tempfile.TemporaryDirectory() as folder:
        store = MemoryStore(Path(folder) / "memory.db", embedder)
        store.retain(DAYS)  # makes the file
        words = telling(Path(folder), [word for _, text in texts for word in text.split()])
        fill(store, texts)
        result: dict[str, Any] = {"memories": len(store.notes()), "numpy": recalls(store)}
        result["bytes"] = store.path.stat().st_size
        if extension():
            result["sqlite_vec"] = recalls(store, by_extension=True)
        result["embed_ms"] = spread([timed(embedder.embed, ask.text) for ask in read()[1]], 3)
        result["remember_ms"] = spread([timed(store.remember, f"new {n}", "en") for n in range(30)])
        store.export()
        found = {"words": len(words), "before": grep(Path(folder), words)}
        result["forget_ms"] = round(timed(store.forget_all), 1)
        found["after"] = grep(Path(folder), words)
    return result, found


def recalls(store: MemoryStore, *, by_extension: bool = False) -> dict[str, float]:
    """Milliseconds of a recall, and of the processor; the first one of numpy's makes its copy."""
    asks = [ask.text for ask in read()[1]]
    found = search.load_extension
    if not by_extension:
        search.load_extension = never
    try:
        begun = timed(store.nearest, asks[0])
        before = time.process_time()
        times = [timed(store.nearest, asks[at % len(asks)]) for at in range(RECALLS)]
        busy = (time.process_time() - before) * 1000 / RECALLS
    finally:
        search.load_extension = found
    return {**spread(times, 2), "first": round(begun, 1), "processor": round(busy, 2)}


def never(database: sqlite3.Connection) -> bool:
    """Instead of ``search.load_extension``."""
    return False


def extension() -> bool:
    with closing(sqlite3.connect(":memory:")) as database:
        return search.load_extension(database)


def timed(work: Any, *given: Any) -> float:
    begun = time.perf_counter()
    work(*given)
    return (time.perf_counter() - begun) * 1000


def telling(folder: Path, words: Sequence[str]) -> list[str]:
    """The ``words`` that are not in every such file, nor short enough to be there by chance."""
    long = {word for word in words if len(word.encode()) > 3}
    return sorted(word for word in long if not grep(folder, [word]))


def grep(folder: Path, words: Sequence[str]) -> int:
    """How many of ``words`` are in any file, as UTF-8 or UTF-16."""
    content = b"\0".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())
    codes = ("utf-8", "utf-16-le")
    return sum(any(word.encode(code) in content for code in codes) for word in words)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--embedder", type=Path, help="a GGUF instead of the built-in one")
    parser.add_argument("--memories", type=int, default=MEMORIES)
    parser.add_argument("--save", action="store_true")
    options = parser.parse_args()
    embedder: Embedder = HashEmbedder()
    if options.embedder:
        from robot_voice.memory.gguf import GgufEmbedder

        embedder = GgufEmbedder(options.embedder)
    shown = quality(embedder)
    times, found = speed(embedder, options.memories)
    for half, groups in shown.items():
        for name, group in groups.items():
            sys.stdout.write(f"{half:8} {name:3} {group}\n")
    for name, value in times.items():
        sys.stdout.write(f"{name}: {value}\n")
    sys.stdout.write(f"words found in the folder: {found}\n")
    if options.save:
        about = {"embedder": embedder.name, "machine": machine(defaults())}
        save("memory", {**about, "quality": shown, "times": times, "forgotten": found})


if __name__ == "__main__":
    main()
