"""The sections of ``BENCHMARKS.md`` on listening and on the starter models."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .report_parts import on, row


def encoder(result: dict[str, Any]) -> str:
    lines = [
        "## Whisper with a short window, beside stock faster-whisper",
        "",
        on(result),
        f"An utterance of {result['seconds']:g} s, untrained int8 models of true shape,"
        " milliseconds of processor time (medians), equal token counts. OpenAI's weights"
        " are given 10 s and 2 s more than the utterance, at least.",
        "",
        row("model", "what", "stock", "10 s window", "times", "starter's window", "times"),
        row("---", "---", "---:", "---:", "---:", "---:", "---:"),
    ]
    for size, found in result["sizes"].items():
        ms, times = found["cpu_ms"], found["times_faster"]
        for what, name in (
            ("encode", "encoder alone"),
            ("given", f"end to end, {found['tokens']} tokens, language given"),
            ("detected", "the same, language found out"),
        ):
            cells = [
                value
                for how in ("short", "starter")
                for value in (ms[f"{what} {how}"], times[f"{what} {how}"])
            ]
            lines.append(row(size, name, ms[f"{what} stock"], *cells))
    return "\n".join(lines)


def window(result: dict[str, Any]) -> str:
    lines = [
        "## What the short window costs the starter",
        "",
        on(result),
        f"{result['clips']} clips of sentences and voices never trained on; error rates in percent"
        " (words in English, characters in Korean).",
        "",
        row("heard", "English", "Korean", "points lost by the short window, en", "ko"),
        row("---", "---:", "---:", "---:", "---:"),
    ]
    for name, way in result["ways"].items():
        points = result["points_lost"].get(name, {})
        lines.append(row(name, way["en"], way["ko"], points.get("en", ""), points.get("ko", "")))
    return "\n".join(lines)


def endpointing(result: dict[str, Any]) -> str:
    lines = [
        "## When the robot takes its turn",
        "",
        on({"command": "python -m scripts.bench.endpointing", **result}),
        "Real recordings with the manifest's words, cut at each pause by their share of the sound,"
        " and scripted sentences with pauses of every length. A cut-in is a commit in a sentence's"
        " own pause. Times are audio time.",
        "",
        row("material", "policy", "late p50, ms", "p95", "cut-ins, % of pauses", "pauses"),
        row("---", "---", "---:", "---:", "---:", "---:"),
    ]
    for material in ("recordings", "recordings, full stops", "scripted"):
        for policy, found in result[material].items():
            late, cut = found["late_ms"], found["cut_in_percent_of_pauses"]
            lines.append(row(material, policy, late["p50"], late["p95"], cut, found["pauses"]))
    return "\n".join(lines)


def detectors(result: dict[str, Any]) -> str:
    table = result["table"]
    names = list(next(iter(table.values())))
    lines = [
        "## Voice detectors in noise",
        "",
        on({"command": "python -m scripts.bench.detectors", **result}),
        "Utterances missed % / ended later than 1 s % / false starts a minute.",
        "",
        row("noise", *names),
        row("---", *["---:"] * len(names)),
    ]
    for noise, found in table.items():
        cells = [
            f"{one['missed_percent']:g} / {one['late_percent']:g}"
            f" / {one['false_starts_per_minute']:g}"
            for one in found.values()
        ]
        lines.append(row(noise, *cells))
    return "\n".join(lines)


def languages(result: dict[str, Any]) -> str:
    lines = [
        "## Is the language right?",
        "",
        on(result),
        row("clips", "n", "right", "of one word", "right"),
        row("---", "---:", "---:", "---:", "---:"),
    ]
    for name, words in (("alone", "each alone"), ("session", "in sessions")):
        found = result[name]
        one = (found["one_word_clips"], found["one_word_right"])
        lines.append(row(words, found["clips"], found["right"], *one))
    return "\n".join(lines)


def stillness(result: dict[str, Any]) -> str:
    lines = [
        "## An hour in which nobody speaks",
        "",
        on({"command": "python -m scripts.bench.stillness", **result}),
        f"{result['minutes']} minutes of noise, music, motors and silence: {result['committed']}"
        " turns committed. Recordings in which people talk or breathe are counted apart.",
        "",
        row("sound", "minutes", "utterances", "with words", "accepted", "asked"),
        row("---", "---:", "---:", "---:", "---:", "---:"),
    ]
    for kind, found in result["by kind"].items():
        counts = [found.get(key, 0) for key in ("utterances", "with words", "accept", "ask")]
        lines.append(row(kind, found["minutes"], *counts))
    return "\n".join(lines)


def phantom(result: dict[str, Any]) -> str:
    lines = [
        "## Words where nobody spoke",
        "",
        on(result),
        "What the gate makes of pieces of sound, with the starter's own threshold, with OpenAI's,"
        " and with OpenAI's and no other evidence.",
        "",
        row("pieces", "gate", "n", "verdicts"),
        row("---", "---", "---:", "---"),
    ]
    for group, found in result["groups"].items():
        for gate in ("own", "openai", "openai without evidence"):
            verdicts = ", ".join(f"{name} {count}" for name, count in found[gate].items())
            lines.append(row(group, gate, found["pieces"], verdicts))
    return "\n".join(lines)


def starter_asr(result: dict[str, Any]) -> str:
    groups = result["groups"]
    lines = [
        "## The starter's speech recogniser",
        "",
        "`python -m scripts.starter.asr.evaluate` (see its folder); error rates of words in"
        ' English, of characters in Korean. "Unseen": sentences never trained on; no voice was.',
        "",
        row("clips", "n", "exact", "error rate", "language right"),
        row("---", "---:", "---:", "---:", "---:"),
    ]
    for name, found in groups.items():
        if "error_rate" in found:
            cells = (found["clips"], found["exact"], found["error_rate"], found["language_right"])
            lines.append(row(name, *cells))
    nothing = result["text_on_nothing"]
    lines += [
        "",
        f"Text on {nothing['share']:.1%} of {nothing['pieces']} pieces without speech, before the"
        f" gate. Korean to English, exact: {result['translation']['exact']}. Real-time factor of a"
        f" 3 s utterance on one core: {result['real_time_factor_3s']}.",
    ]
    return "\n".join(lines)


def starter_llm(result: dict[str, Any]) -> str:
    speed, judged = result["speed"], result["judged"]
    lines = [
        "## The starter's language model",
        "",
        f"`python -m scripts.starter.llm.judge` and `measure`: {judged['right']:.3f} of"
        f" {judged['prompts']} prompts judged right; first token after {speed['first_token_ms']} ms"
        f" with reuse, {speed['tokens_per_second']} tokens a second on one core.",
        "",
        row("category", "right"),
        row("---", "---:"),
        *(row(name, share) for name, share in judged["by_category"].items()),
    ]
    return "\n".join(lines)


SECTIONS: dict[str, Callable[[dict[str, Any]], str]] = {
    "encoder": encoder,
    "endpointing": endpointing,
    "detectors": detectors,
    "languages": languages,
    "stillness": stillness,
    "phantom": phantom,
    "window": window,
    "starter_asr": starter_asr,
    "starter_llm": starter_llm,
}
