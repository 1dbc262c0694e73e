"""What every benchmark needs: the machine in words, and one file of results."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from robot_voice import paths
from robot_voice.build import find_models, threads_for
from robot_voice.demo import describe
from robot_voice.settings import Loaded, load_config

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "scripts" / "bench" / "results.json"
PACKAGES = ("faster-whisper", "ctranslate2", "llama-cpp-python", "onnxruntime", "numpy")


def defaults(*overrides: str) -> Loaded:
    """The shipped configuration and models, whatever this machine's owner has set and pulled."""
    return load_config("default", ("asr.model=starter", "llm.model=starter", *overrides), {})


def machine(loaded: Loaded) -> dict[str, Any]:
    """Hardware, threads, versions and model hashes: without them a figure says nothing."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cpu": _cpu(),
        "cores": psutil.cpu_count(logical=False),
        "memory_gb": round(psutil.virtual_memory().total / 2**30),
        "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "threads": threads_for(loaded.config),
        "load_average": round(psutil.getloadavg()[0], 1),
        "versions": {package: version(package) for package in PACKAGES},
        "models": describe(find_models(loaded)),
    }


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith(("model name", "Model")):
            return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown"


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least ``share`` of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1))]


def spread(values: Sequence[float], digits: int = 1) -> dict[str, float]:
    return {
        "p50": round(percentile(values, 0.5), digits),
        "p95": round(percentile(values, 0.95), digits),
        "max": round(max(values), digits),
        "n": len(values),
    }


def save(name: str, result: dict[str, Any]) -> None:
    """Put one benchmark's result beside the others'."""
    results = load()
    results[name] = result
    RESULTS.write_text(json.dumps(results, ensure_ascii=False, indent=2, sort_keys=True) + "\n")


def load() -> dict[str, Any]:
    if not RESULTS.exists():
        return {}
    results: dict[str, Any] = json.loads(RESULTS.read_text())
    return results


def evaluated() -> dict[str, Any]:
    """What the evaluations of the starter models found, which lie beside what they are about."""
    files = {
        "starter_asr": ROOT / "scripts" / "starter" / "asr" / "results.json",
        "starter_llm": paths.starter_models() / "llm" / "figures.json",
    }
    return {name: json.loads(file.read_text("utf-8")) for name, file in files.items()}
