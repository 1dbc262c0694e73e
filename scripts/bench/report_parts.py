"""Rows and captions of ``BENCHMARKS.md``."""

from __future__ import annotations

from typing import Any


def row(*cells: object) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def on(result: dict[str, Any]) -> str:
    """The command and the machine, in words."""
    machine = result["machine"]
    models = ", ".join(
        f"{kind} `{model['file']}` sha256 {model['sha256']}"
        for kind, model in machine["models"].items()
    )
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    return (
        f"`{result['command']}` on {machine['date']}: {machine['cpu']}, {machine['cores']} cores, "
        f"{machine['memory_gb']} GB, {machine['system']}, {machine['threads']} threads, load "
        f"average {machine['load_average']}; {versions}; {models}.\n"
    )
