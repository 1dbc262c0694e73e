"""What was measured of listening while speaking, as tables."""

from __future__ import annotations

from typing import Any

from .report_parts import on, row


def _on(name: str, result: dict[str, Any]) -> str:
    return on(result | {"command": f"python -m scripts.bench.{name}"})


def barge_in(result: dict[str, Any]) -> str:
    lines = [
        "## Interrupting the robot",
        "",
        _on("barge_in", result),
        "Human voices as loud as the robot's own echo (0 dB), through a virtual sound card and a"
        " simulated room (40 ms and the buffers, rt60 0.3, -6 dB); the whole assistant, with echo"
        " cancelling. Voices whose recordings begin with another sound are left out, and those in"
        " which the detector hears no voice within 0.25 s when it is given the clean clip. Times in"
        " ms from the first 10 ms of voice in the microphone to the last sample at the"
        " loudspeaker, of those that were heard within a second.",
        "",
        row("", "heard", "p50", "p95", "max", "detector p50", "card p50"),
        row("---", "---:", "---:", "---:", "---:", "---:", "---:"),
    ]
    for name, title in (("voices", "voices"), ("busy", "the same, 2 busy cores")):
        found = result[name]
        ms = found["ms"]
        heard = f"{found['heard']} of {found['voices']}"
        detector, card = found["detector_ms"]["p50"], found["card_ms"]["p50"]
        lines.append(row(title, heard, ms["p50"], ms["p95"], ms["max"], detector, card))
    lines += ["", row("said meanwhile", "n", "as it should be"), row("---", "---:", "---:")]
    for name, title in (("noises", "noises without words"), ("backchannels", "backchannels")):
        found = result[name]
        lines.append(row(f"{title}: the sentence goes on", found["sounds"], found["resumed"]))
        lines.append(row("... sample for sample", found["sounds"], found["sample for sample"]))
    stops = result["stops"]
    lines.append(row("stop words", stops["words"], stops["stopped"]))
    if "ms" in stops:
        lines += ["", f"From the end of the word to `StopRequested`: p50 {stops['ms']['p50']} ms."]
    return "\n".join(lines)


def self_interruption(result: dict[str, Any]) -> str:
    modes = ("aec", "half-duplex", "off")
    lines = [
        "## Interrupting itself",
        "",
        _on("self_interruption", result),
        f"{result['minutes']:g} minutes of the robot's own speech in each mode, through simulated"
        f" rooms (echo at -6 dB).{result.get('runs', '')} How often something of it was taken for a"
        " voice:",
        "",
        row("room", *modes),
        row("---", *["---:"] * len(modes)),
    ]
    lines += [
        row(room, *(result[mode]["rooms"][room]["interruptions"] for mode in modes))
        for room in result["aec"]["rooms"]
    ]
    lines.append(row("all", *(result[mode]["interruptions"] for mode in modes)))
    return "\n".join(lines)


def truth(result: dict[str, Any]) -> str:
    lines = [
        "## What it believes was heard",
        "",
        _on("truth", result),
        "The robot is stopped at a random moment: the text that it then claims was heard, and the"
        " text whose sound left the device, by the synthesiser's own phonemes. In syllables.",
        "",
        row("", "cuts", "exact", "within one", "most off", "most ahead"),
        row("---", "---:", "---:", "---:", "---:", "---:"),
    ]
    for title, found in (
        ("by the voice's own timing", result["marks"]),
        ("by weights (a voice that tells no timing)", result["weights"]),
        ("timing, every 20 ms, without a device", result["every moment"]["marks"]),
    ):
        columns = ("n", "exact", "within one", "most off", "most ahead")
        lines.append(row(title, *(found[column] for column in columns)))
    return "\n".join(lines)


def device_faults(result: dict[str, Any]) -> str:
    ready = result["ready_seconds"]
    lines = [
        "## Sound cards that go and come",
        "",
        _on("device_faults", result),
        "Each fault in every state of a turn (listening, user speaking, thinking, robot speaking);"
        " two seconds after the return a question is asked. Served: it was answered. The device was"
        f" ready after {ready['p50']} s (p50), {ready['p95']} s (p95), {ready['max']} s at most.",
        "",
        row("fault", "cycles", "served", "ready at the latest, s"),
        row("---", "---:", "---:", "---:"),
    ]
    lines += [
        row(fault, found["cycles"], found["served"], round(found["ready_max"], 2))
        for fault, found in result["by_fault"].items()
    ]
    return "\n".join(lines)


def underruns(result: dict[str, Any]) -> str:
    lines = [
        "## A busy interpreter",
        "",
        _on("underruns", result),
        "Noise is played while two Python threads keep the daemon's interpreter busy, and two"
        " programs both cores.",
        "",
        row("audio process", "seconds", "underruns", "silence, ms", "longest, ms"),
        row("---", "---:", "---:", "---:", "---:"),
    ]
    for name in ("SCHED_RR", "without"):
        found = result[name]
        figures = (found[key] for key in ("seconds", "underruns", "silence_ms", "longest_ms"))
        lines.append(row(name, *figures))
    return "\n".join(lines)


SECTIONS = {
    "barge_in": barge_in,
    "self_interruption": self_interruption,
    "truth": truth,
    "device_faults": device_faults,
    "underruns": underruns,
}
