"""What was measured of thinking, as tables: the language model, memory, actions, a model afar."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .report_parts import on, row


def _on(command: str, result: dict[str, Any]) -> str:
    return on(result | {"command": f"python -m scripts.bench.{command}"})


def speed(result: dict[str, Any]) -> str:
    lines = [
        "## How fast replies are made",
        "",
        _on("llm_speed", result),
        "Untrained models of true shape. The engine as the assistant uses it, and llama.cpp's bare"
        " loop over the same weights, in turns of one process; medians of all tokens. The last two"
        " columns: bytes of weights that a token needs, times tokens a second, and their share of"
        f" what as many threads read from memory, {result['read_gb_per_second']} GB/s.",
        "",
        row("model", "tokens", "engine, tokens/s", "bare", "share", "GB/s", "of the memory's"),
        row("---", "---:", "---:", "---:", "---:", "---:", "---:"),
    ]
    keys = ("engine_tokens_per_second", "bare_tokens_per_second", "share", "moved_gb_per_second")
    for name, found in result["models"].items():
        roofline = f"{found['roofline_share']:.0%}"
        lines.append(row(name, found["tokens"], *(found[key] for key in keys), roofline))
    return "\n".join(lines)


def reuse(result: dict[str, Any]) -> str:
    turn, restart = result["turn_5"], result["restart"]
    lines = [
        "## What is not read again",
        "",
        _on("llm_reuse", result),
        f"Untrained {result['shape']}, instructions of {result['system_tokens']} tokens, medians"
        f" of {turn['times']} and {restart['times']}; milliseconds to the first text. The fifth"
        f" turn has {turn['prompt_tokens']} tokens, of which {turn['new_tokens']} are new. After a"
        f" restart the state, {restart['state_mb']} MB, comes from the disk; the time to load the"
        " weights is in neither.",
        "",
        row("", "with reuse", "without", "share"),
        row("---", "---:", "---:", "---:"),
    ]
    for title, found in (("fifth turn", turn), ("first turn after a restart", restart)):
        lines.append(row(title, found["quick_ms"], found["slow_ms"], found["share"]))
    return "\n".join(lines)


def abort(result: dict[str, Any]) -> str:
    scenes = {
        "reading": f"while it reads {result['prompt_tokens']:,} tokens",
        "replying": "while it replies",
        "restoring": "while instructions are brought back",
    }
    lines = [
        "## Nobody listens any more",
        "",
        _on("llm_abort", result),
        f"Untrained {result['shape']}, stopped at random moments; milliseconds until the engine is"
        " free. Changed: the next reply was another one than without the abort.",
        "",
        row("stopped", "n", "p50", "p99", "max", "changed"),
        row("---", "---:", "---:", "---:", "---:", "---:"),
        *(_times(scenes[name], found) for name, found in result["by_scene"].items()),
        *(_times(f"at {name}", found) for name, found in result["by_place"].items()),
        _times("all", result["all"]),
        "",
        "The slowest of them, and what they were spent on. Told: until llama.cpp was told to stop."
        " Where the processors worked for less than that, or threads were made to wait for others,"
        " the machine was not ours; stolen is what its host took.",
        "",
        *_slowest(result["slowest"]),
    ]
    return "\n".join(lines)


def _times(title: str, found: Mapping[str, Any]) -> str:
    keys = ("n", "p50_ms", "p99_ms", "max_ms", "next_reply_differs")
    return row(title, *(found[key] for key in keys))


def _slowest(moments: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield row("at", "ms", "told", "spent", "processor, ms", "stolen, ms", "made to wait", "disk")
    yield row("---", "---:", "---:", "---", "---:", "---:", "---:", "---:")
    for moment in moments:
        spent = ", ".join(f"{phase} {ms:g}" for phase, ms in moment["spent_ms"].items())
        told = "" if moment["told_ms"] is None else moment["told_ms"]
        keys = ("processor_ms", "stolen_ms", "made_to_wait", "pages_from_disk")
        cells = (moment[key] for key in keys)
        yield row(moment["place"], moment["ms"], told, spent, *cells)


def actions(result: dict[str, Any]) -> str:
    heard, talk = result["heard by the starter"], result["ordinary talk"]
    ms = result["processor milliseconds"]
    lines = [
        "## Which words make the robot act",
        "",
        on({"command": "python -m scripts.bench.actions", **result}),
        f"The fast path against {result['phrases']} phrases; a held-out set in English and Korean,"
        f" written, and as the starter heard it in noise (of {heard['n']} it asked for"
        f" {heard['asked for again']} again). To the letter: the recogniser wrote another command"
        " than was said, or one where none was, which no matcher can know.",
        "",
        row("", "commands", "found", "fired", "right", "no commands", "false", "to the letter"),
        row("---", "---:", "---:", "---:", "---:", "---:", "---:", "---:"),
    ]
    for title, found in (("written", result["written"]), ("heard, believed", heard["believed"])):
        share = f"{found['found of the commands']:.1%}"
        right = f"{found['right where it fires']:.1%}"
        letter = found["heard as another command"] + found["no commands heard as one"]
        rest = (found["no commands"], found["false"], letter)
        lines.append(row(title, found["commands"], share, found["fired"], right, *rest))
    lines += [
        row("ordinary talk", *[""] * 4, talk["n"], talk["false"], talk["to the letter a command"]),
        "",
        row("said as", "n", "fired", "right"),
        row("---", "---:", "---:", "---:"),
        *(
            row(kind, found["n"], found["fired"], found["right"])
            for kind, found in result["by kind"].items()
        ),
        "",
        f"It takes {ms['p50']} ms of processor time (p50), {ms['p95']} ms (p95), {ms['max']} ms"
        " at most.",
    ]
    return "\n".join(lines)


def memory(result: dict[str, Any]) -> str:
    times, words = result["times"], result["forgotten"]
    lines = [
        "## What it remembers",
        "",
        _on("memory --save", result),
        f"Embedder {result['embedder']}, {times['memories']:,} memories, {times['bytes'] / 1e6:.1f}"
        " MB; milliseconds.",
        "",
        row("", "p50", "p95", "max", "first", "n"),
        row("---", "---:", "---:", "---:", "---:", "---:"),
    ]
    for key, title in (
        ("numpy", "recall, numpy"),
        ("sqlite_vec", "recall, sqlite-vec"),
        ("embed_ms", "embedding of a question"),
        ("remember_ms", "remembering"),
    ):
        if found := times.get(key):
            cells = (found.get(column, "") for column in ("p50", "p95", "max", "first", "n"))
            lines.append(row(title, *cells))
    lines += [
        "",
        f"Forgetting everything took {times['forget_ms']} ms. Of {words['words']:,} telling words,"
        f" {words['before']:,} were in the files of the data folder before, {words['after']}"
        " after.",
        "",
        *_recalled(result["quality"]),
    ]
    return "\n".join(lines)


def _recalled(quality: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Iterator[str]:
    yield (
        "Questions, and the notes that were shown with them (three at most): the share of notes"
        " that help, of questions with a note that helps, and questions without one for which"
        " something was shown. The embedder was set on the tuning half.\n"
    )
    yield row("half", "language", "questions", "precision@3", "hit@3", "unrelated", "shown")
    yield row("---", "---", "---:", "---:", "---:", "---:", "---:")
    keys = ("questions", "precision_at_3", "hit_at_3", "unrelated", "false")
    for half, groups in quality.items():
        for language, found in groups.items():
            yield row(half.replace("_", " "), language, *(found[key] for key in keys))


def long_talk(result: dict[str, Any]) -> str:
    made, begun = result["summaries_made"], result["summaries_begun"]
    return "\n".join(
        [
            "## A conversation that does not end",
            "",
            _on("long_talk --save", result),
            "The starter, without audio, in one process.",
            "",
            row("figure", "value"),
            row("---", "---:"),
            row("turns", result["turns"]),
            row("of which failed", result["failed"]),
            row("memory after the first hundred, MiB", result["rss_start_mb"]),
            row("memory at the end, MiB", result["rss_end_mb"]),
            row("longest prompt, tokens", result["longest_prompt_tokens"]),
            row("the model's context, tokens", result["context_tokens"]),
            row("prompts that did not fit", result["overflowed"]),
            row("summaries made, of begun", f"{made} of {begun}"),
            row("longest summary, tokens", result["summary_tokens_max"]),
            row("its budget, tokens", result["summary_budget"]),
            row("messages kept at most", result["messages_max"]),
        ]
    )


def remote(result: dict[str, Any]) -> str:
    ms = result["cancel_ms"]
    lines = [
        "## The link to a model on another machine dies",
        "",
        _on("remote_faults", result),
        f"A local proxy breaks the answer at a random byte; {result['turns']} turns,"
        f" {result['in_mid_turn']} of them broken after something had been said.",
        "",
        row("figure", "turns"),
        row("---", "---:"),
        *(row(f"fault: {kind}", count) for kind, count in result["kinds"].items()),
        row("unanswered", result["unanswered"]),
        row("something said twice", result["said_twice"]),
        row("something missing or misplaced", result["wrong"]),
        "",
        f"A cancelled reply ends within {ms['p50']} ms (p50), {ms['p95']} ms (p95), {ms['max']} ms"
        f" at most ({ms['n']} of them).",
    ]
    return "\n".join(lines)


SECTIONS = {
    "llm_speed": speed,
    "llm_reuse": reuse,
    "llm_abort": abort,
    "actions": actions,
    "memory": memory,
    "long_talk": long_talk,
    "remote_faults": remote,
}
