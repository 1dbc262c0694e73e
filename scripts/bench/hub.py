"""How many of the faults of a model hub a download survives: 6 kinds, 20 of each.

    python -m scripts.bench.hub

The kinds are in ``tests/hub_faults``: each strikes at a byte drawn with a fixed seed, and is
survived if no wrong file was ever accepted and the next pull brings the whole model. The hub is one
on this machine; nothing leaves it.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path

from tests.hub_faults import WAYS

from .common import save


def survived(kind: str, seed: int) -> list[str]:
    """What is wrong after one fault; nothing if it was survived."""
    with tempfile.TemporaryDirectory(prefix="robot-voice-hub-") as folder:
        return WAYS[kind](random.Random(f"{kind} {seed}"), Path(folder))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=20, help="faults of each kind")
    times = parser.parse_args().times
    counts = {}
    for kind in WAYS:
        failures = [found for seed in range(times) if (found := survived(kind, seed))]
        counts[kind] = times - len(failures)
        sys.stdout.write(f"{kind:16} {counts[kind]:3} of {times} survived\n")
        for found in failures:
            sys.stdout.write(f"    {'; '.join(found)}\n")
        sys.stdout.flush()
    share = sum(counts.values()) / (times * len(WAYS))
    save("hub", {"survived": counts, "times": times, "share": share})
    return 0 if share == 1 else 1


if __name__ == "__main__":
    sys.exit(main())
