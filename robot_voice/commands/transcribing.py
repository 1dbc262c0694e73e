"""``robot-voice transcribe``: recordings of any length, as text, subtitles or JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .common import Run

if TYPE_CHECKING:
    from collections.abc import Callable

    from robot_voice.types import LanguageChoice, Passage, Recording, Samples

    Hear = Callable[[Samples], Recording]

STARTER = (
    "The starter model knows the robot's own few sentences and cannot take dictation;"
    " `robot-voice models pull` for one that can."
)
WORTH_A_BAR = 30.0
"""Seconds of a recording from which on one wants to know how far it is."""


class Output(StrEnum):
    """How the words are written."""

    txt = "txt"
    srt = "srt"
    vtt = "vtt"
    json = "json"


@dataclass(frozen=True, slots=True)
class Written:
    """What was said in one file."""

    file: Path
    seconds: float
    choice: LanguageChoice
    passages: Sequence[Passage]
    translated: bool

    def as_json(self) -> dict[str, Any]:
        return {
            "file": str(self.file),
            "seconds": round(self.seconds, 3),
            "text": " ".join(passage.text for passage in self.passages),
            "language": "en" if self.translated else self.choice.language,
            "spoken": self.choice.language,
            "confidence": round(self._confidence(), 4),
            "language_confidence": round(self.choice.probability, 4),
            "passages": [asdict(passage) for passage in self.passages],
        }

    def _confidence(self) -> float:
        """The mean of the passages', by their length."""
        seconds = [passage.end - passage.start for passage in self.passages]
        weighed = zip(self.passages, seconds, strict=True)
        return sum(each.confidence * length for each, length in weighed) / (sum(seconds) or 1.0)

    def formatted(self, output: Output) -> str:
        from robot_voice.asr import subtitles

        if output is Output.json:
            return json.dumps(self.as_json(), ensure_ascii=False, indent=2) + "\n"
        writers = {Output.txt: subtitles.txt, Output.srt: subtitles.srt, Output.vtt: subtitles.vtt}
        return writers[output](self.passages)


def transcribe(
    run: Run,
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Recordings.")],
    output: Annotated[
        Output, typer.Option("--output", "-o", help="Text, subtitles, or all that is known.")
    ] = Output.txt,
    folder: Annotated[
        Path | None,
        typer.Option("--folder", "-f", metavar="DIR", help="Write a file for each recording here."),
    ] = None,
    language: Annotated[
        str | None,
        typer.Option("--language", "-l", metavar="CODE", help="en, ko, ...; else found out."),
    ] = None,
    translate: Annotated[
        bool, typer.Option("--translate", "-t", help="Write in English what was said.")
    ] = False,
) -> None:
    """Write down what is said in recordings (wav, flac, mp3, ogg, m4a, ...).

    Long ones are cut where nobody speaks.

    Examples:
      robot-voice transcribe question.wav
      robot-voice transcribe --output srt --folder subtitles *.mp4
      robot-voice transcribe --translate --language ko talk.mp3
      robot-voice transcribe --json *.wav
    """
    output = Output.json if run.json else output
    if len(files) > 1 and folder is None and output in (Output.srt, Output.vtt):
        raise typer.BadParameter(f"subtitles of several files need --folder: one {output} each")
    if language:
        only = (f'language.allowed=["{language}"]', f'language.default="{language}"')
        run = replace(run, overrides=(*run.overrides, *only))
    hear = _ears(run, translate=translate)
    stems = Counter(file.stem for file in files)
    found = []
    for file in files:
        choice, passages, seconds = _understood(hear, file, quiet=run.json)
        found.append(Written(file, seconds, choice, passages, translate))
        if folder is not None:
            name = file.stem if stems[file.stem] == 1 else file.name
            _save(found[-1], folder / f"{name}.{output}", output)
        elif output is not Output.json:
            typer.echo(_lines(found[-1], output, named=len(files) > 1), nl=False)
    if run.json or (output is Output.json and folder is None):
        run.write_json({"files": [each.as_json() for each in found]})


def _ears(run: Run, *, translate: bool) -> Hear:
    from robot_voice.build import load_asr
    from robot_voice.models.registry import find_model

    loaded = run.load()
    model = find_model("asr", loaded.config.asr.model, loaded.base(("asr", "model")))
    if model.is_starter and not run.json:
        typer.echo(STARTER, err=True)
    return partial(load_asr(loaded.config, model).recording, translate=translate)


def _understood(
    hear: Hear, file: Path, *, quiet: bool
) -> tuple[LanguageChoice, Sequence[Passage], float]:
    """The language of a file, what was said in it, and its seconds."""
    from robot_voice.audio.clips import read_audio
    from robot_voice.types import RATE

    samples = read_audio(file)
    seconds = len(samples) / RATE
    recording = hear(samples)
    with _progress(file.name, seconds, quiet or seconds < WORTH_A_BAR) as report:
        return recording.choice, list(_reported(recording.passages, report)), seconds


def _reported(passages: Iterable[Passage], report: Callable[[float], None]) -> Iterator[Passage]:
    for passage in passages:
        report(passage.end)
        yield passage


@contextmanager
def _progress(name: str, seconds: float, quiet: bool) -> Iterator[Callable[[float], None]]:
    """A bar on standard error, if that is a terminal; call it with the seconds that are done."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
    from rich.progress import TimeRemainingColumn as Remaining

    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), Remaining()
    shown = console.is_terminal and not quiet
    with Progress(*columns, console=console, disable=not shown, transient=True) as bars:
        task = bars.add_task(name, total=seconds)
        yield lambda done: bars.update(task, completed=done)


def _save(found: Written, target: Path, output: Output) -> None:
    """Raises ``AudioError`` when the file cannot be written."""
    from robot_voice.errors import AudioError

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(found.formatted(output), "utf-8")
    except OSError as error:
        raise AudioError(f"{target} cannot be written: {error.strerror or error}") from error
    typer.echo(f"written: {target}", err=True)


def _lines(found: Written, output: Output, *, named: bool) -> str:
    text = found.formatted(output)
    if output is not Output.txt or not named:
        return text
    return "".join(f"{found.file}: {line}\n" for line in text.splitlines())
