"""What every command here needs from the terminal."""

from __future__ import annotations

import argparse
import sys


def say(*parts: object) -> None:
    """A line of progress, at once: logs are watched while they grow."""
    sys.stdout.write(" ".join(map(str, parts)) + "\n")
    sys.stdout.flush()


def command_line(description: str | None) -> argparse.ArgumentParser:
    """A command line whose help is the module's docstring, as it is written."""
    return argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
