"""Checks of the machine: cores, instructions, memory, priorities, disk."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator
from pathlib import Path

import psutil

from robot_voice import paths
from robot_voice.errors import ModelError
from robot_voice.models.registry import find_model

from .check import Check, Subject

_OVERHEAD = 500_000_000
"""Bytes beside the weights, generously: the interpreter, the engines' libraries and buffers, the
conversation's cache."""

_LITTLE_DISK = 100_000_000
"""Bytes. Days of logs and thousands of remembered conversations fit into this."""

_CPU_INFO = Path("/proc/cpuinfo")


def cores(subject: Subject) -> Iterator[Check]:
    """Whether the engines are given no more threads than there are cores to run them."""
    usable = usable_cores()
    config = subject.config
    asked = {
        "cpu.threads": config.cpu.threads,
        "asr.threads": config.asr.threads,
        "llm.threads": config.llm.threads,
    }
    excessive = [f"{key} = {count}" for key, count in asked.items() if (count or 0) > usable]
    if excessive:
        detail = f"{usable} usable, but {', '.join(excessive)}: engines will wait for each other"
        yield Check("CPU cores", "warn", detail, f"Set at most {usable}, or leave it unset.")
    else:
        physical = psutil.cpu_count(logical=False) or "unknown"
        yield Check("CPU cores", "ok", f"{usable} usable, physical: {physical}")


def vector_instructions(subject: Subject) -> Iterator[Check]:
    """AVX2 on x86 and NEON on ARM are what makes speech recognition fast enough."""
    name, kind = "CPU instructions", platform.machine().lower()
    if kind in ("aarch64", "arm64"):  # NEON is part of every 64-bit ARM
        yield Check(name, "ok", f"{kind}: NEON")
        return
    flags = cpu_flags()
    if not flags:
        yield Check(name, "warn", f"{kind}: this system does not tell which it has")
        return
    avx512 = ["AVX512"] if any(flag.startswith("avx512") for flag in flags) else []
    named = {"avx2": "AVX2", "neon": "NEON", "asimd": "NEON"}
    found = sorted({named[flag] for flag in flags & named.keys()}) + avx512
    if found:
        yield Check(name, "ok", f"{kind}: {', '.join(found)}")
    else:
        detail = f"{kind}: neither AVX2 nor NEON; recognition and replies will be slow"
        yield Check(name, "warn", detail, "Use a newer machine, or a virtual one that passes them.")


def memory(subject: Subject) -> Iterator[Check]:
    try:
        need = _OVERHEAD + _weights(subject)
    except ModelError:
        return  # the models' own check tells
    have = psutil.virtual_memory()
    detail = f"{have.available / 1e9:.1f} of {have.total / 1e9:.1f} GB free, about "
    detail += f"{need / 1e9:.1f} needed"
    if need <= have.available:
        yield Check("memory", "ok", detail)
    elif need <= have.total:
        yield Check("memory", "warn", f"{detail}: it may crawl", "End other programs.")
    else:
        mend = "Choose smaller models, or more strongly quantised ones (Q4_K_M)."
        yield Check("memory", "fail", detail, mend)


def realtime(subject: Subject) -> Iterator[Check]:
    """Whether the audio process may run before everything else. Tried, then undone."""
    priority = subject.config.audio.realtime_priority
    if priority == 0:
        yield Check("real-time priority", "ok", "not asked for")
        return
    detail = "not allowed: sound may stutter while the machine is busy"
    if not hasattr(os, "sched_setscheduler"):
        yield Check("real-time priority", "warn", "this system has none", "")
        return
    before, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(priority))
        os.sched_setscheduler(0, before, parameters)
    except PermissionError:
        mend = (
            f"As a service: LimitRTPRIO={priority} in the unit. Else `@audio - rtprio {priority}` "
            "in /etc/security/limits.d/audio.conf, and log in again."
        )
        yield Check("real-time priority", "warn", detail, mend)
    else:
        yield Check("real-time priority", "ok", f"SCHED_RR {priority} allowed")


def state_folder(subject: Subject) -> Iterator[Check]:
    """Whether there is room, and leave, to keep what is kept between runs."""
    folder = paths.user_state()
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(there).free
    if not os.access(there, os.W_OK | os.X_OK):
        mend = f"Give yourself {there} (chown), or set XDG_STATE_HOME to a folder of your own."
        yield Check("state folder", "fail", f"{folder} cannot be written", mend)
    elif free < _LITTLE_DISK:
        yield Check("state folder", "warn", f"{there}: {free / 1e6:.0f} MB left", "Free some.")
    else:
        yield Check("state folder", "ok", f"{folder}, {free / 1e9:.1f} GB free")


def usable_cores() -> int:
    """The cores this process may run on: a container or `taskset` may allow fewer."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def cpu_flags() -> set[str]:
    """Feature flags of the first core, as Linux names them; empty where nothing tells."""
    try:
        lines = _CPU_INFO.read_text(errors="replace").splitlines()
    except OSError:
        return set()
    for line in lines:
        name, _, value = line.partition(":")
        if name.strip() in ("flags", "Features"):
            return set(value.split())
    return set()


def _weights(subject: Subject) -> int:
    """Bytes of both models."""
    config, base = subject.config, subject.loaded.base
    asr = find_model("asr", config.asr.model, base(("asr", "model")))
    llm = find_model("llm", config.llm.model, base(("llm", "model")))
    return asr.size + llm.size
