"""Does the robot serve its next turn after any fault of its sound card, and leak nothing by it?

    python -m scripts.bench.device_faults [--cycles 10] [--states listening ...] [--at-once 2]

A real daemon (``robot-voice run``: the starter recogniser, espeak, a made-up language model) on the
virtual sound card, one for each state of a turn that a fault can strike in; each meets every fault
``cycles`` times, in an order of its own. ``QUESTION_SECONDS`` after the end of the fault, and not
before whoever was cut off has finished, somebody asks the next question. It is *served* when it was
understood and its answer sounds. *Ready* is when the last device that was missed is there again,
which must be within ``READY_SECONDS``. Times are the event loop's, which is the system's clock.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from tests import daemon
from tests.daemon import Daemon
from tests.rig.audiorig import AudioRig

from .common import defaults, machine, save, spread
from .fault_trials import CONFIG, FAULTS, MODEL, STATES, Cycle, Story, Trial
from .rigged import prioritise

WARM_UP = 30
"""Cycles after which nothing more should be allocated once and for all: until then utterances that
faults have cut or joined are of new lengths, and the recogniser's buffers grow with them
(``rss_mb_by_tens``)."""


def trials(state: str, cycles: int) -> dict[str, Any]:
    """All faults, ``cycles`` times each, in this state of a turn."""
    daemon.SECONDS = 120.0  # four that start at once
    order = list(FAULTS) * cycles
    random.Random(state).shuffle(order)
    done, used = list[Cycle](), list[dict[str, dict[str, float]]]()
    with tempfile.TemporaryDirectory(prefix="rv") as name, _card(Path(name)) as rig:
        folder = Path(name)
        (folder / "sitecustomize.py").write_text(MODEL)
        with Daemon(folder, CONFIG, environment={"PYTHONPATH": name}) as robot:
            robot.ready()
            with (folder / "log").open(encoding="utf-8") as log:
                trial = Trial(state, rig, robot, Story(log))
                for fault in order:
                    used.append(trial.resources())
                    done.append(trial.cycle(fault))
                    sys.stderr.write(f"{len(done)}/{len(order)} {done[-1]}\n")
                used.append(trial.resources())
    return {"cycles": [asdict(cycle) for cycle in done], "resources": growth(used)}


@contextmanager
def _card(folder: Path) -> Iterator[AudioRig]:
    """A virtual sound card that a busy machine does not slow."""
    with AudioRig(folder / "rig") as rig:
        prioritise(rig.pid)
        yield rig


def growth(used: Sequence[Mapping[str, Mapping[str, float]]]) -> dict[str, Any]:
    """From the cycles after the warm-up to the last ones; medians, for a number may be taken in
    the very moment in which a helper runs."""
    warm = min(WARM_UP, len(used) // 3)
    span = max(1, min(10, (len(used) - warm) // 2))
    found: dict[str, Any] = {}
    for program, counts in used[0].items():
        found[program] = {"restarts": len({one[program]["pid"] for one in used}) - 1}
        for count in counts.keys() - {"pid"}:
            values = [one[program][count] for one in used[warm:]]
            ends = (median(values[:span]), median(values[-span:]))
            found[program][count] = [round(value, 1) for value in ends]
        rss = [one[program]["rss_mb"] for one in used]
        found[program]["rss_mb_by_tens"] = [round(value, 1) for value in rss[::10]]
    return found


def summary(states: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    cycles = [Cycle(**cycle) for state in states.values() for cycle in state["cycles"]]
    back = [cycle.after_question for cycle in cycles if cycle.after_question is not None]
    by_fault = {
        fault: {
            "cycles": len(own),
            "served": sum(cycle.served for cycle in own),
            "ready_max": max(cycle.ready for cycle in own),
            "told": dict(Counter(str(cycle.told) for cycle in own)),
        }
        for fault in FAULTS
        if (own := [cycle for cycle in cycles if cycle.fault == fault])
    }
    return {
        "machine": machine(defaults()),
        "cycles": len(cycles),
        "served": sum(cycle.served for cycle in cycles),
        "ready_seconds": spread([cycle.ready for cycle in cycles], 2),
        "answer_after_question_seconds": spread(back or [float("inf")], 2),
        "by_fault": by_fault,
        "by_state": {
            state: f"{sum(Cycle(**c).served for c in result['cycles'])}/{len(result['cycles'])}"
            for state, result in states.items()
        },
        "resources": {state: result["resources"] for state, result in states.items()},
        "not_served": [asdict(cycle) for cycle in cycles if not cycle.served],
    }


def _in_its_own_process(cycles: int, state: str) -> dict[str, Any]:
    """The rig is found through the environment, so each needs a process of its own."""
    command = [sys.executable, "-m", "scripts.bench.device_faults", "--cycles", str(cycles)]
    done = subprocess.run([*command, "--only", state], stdout=subprocess.PIPE, check=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cycles", type=int, default=10, help="of each fault, in each state")
    parser.add_argument("--states", nargs="+", choices=STATES, default=STATES)
    parser.add_argument("--at-once", type=int, default=len(STATES), help="daemons")
    parser.add_argument("--only", choices=STATES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        sys.stdout.write(json.dumps(trials(options.only, options.cycles)))
        return
    with ThreadPoolExecutor(options.at_once) as pool:
        results = pool.map(partial(_in_its_own_process, options.cycles), options.states)
        states = dict(zip(options.states, results, strict=True))
    result = summary(states)
    sys.stdout.write(json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    if options.cycles >= 10 and len(options.states) == len(STATES):
        save("device_faults", result)


if __name__ == "__main__":
    main()
