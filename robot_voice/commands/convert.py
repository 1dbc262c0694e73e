"""``robot-voice models convert``: Whisper weights of other formats for this program."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer

from .common import Run, command


def register(app: typer.Typer) -> None:
    """Add ``convert`` to the commands of ``models``."""
    command(app, "json", "verbose")(convert)


def convert(
    run: Run,
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SOURCE",
            help="OpenAI .pt, whisper.cpp ggml-*.bin, or a Hugging Face folder (safetensors).",
        ),
    ],
    dest: Annotated[Path, typer.Argument(metavar="DEST", help="The new model folder.")],
    quantization: Annotated[
        Literal["int8", "float16", "float32"],
        typer.Option(help="How weights are stored; int8 is smallest and fastest."),
    ] = "int8",
    tokenizer: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="tokenizer.json or OpenAI's .tiktoken file; .pt files need one.",
        ),
    ] = None,
) -> None:
    """Convert Whisper weights into the format this program loads.

    Nothing is downloaded, and nothing the file contains is executed:
      robot-voice models convert ggml-small.bin "$(robot-voice models path)/small"
    """
    from robot_voice.models.convert import convert as convert_model

    made = convert_model(source, dest, quantization, tokenizer)
    if run.json:
        run.write_json(asdict(made) | {"path": str(made.path)})
        return
    languages = "many languages" if made.multilingual else "English only"
    size = f"{made.parameters / 1e6:.0f} M parameters, {made.size / 1e6:.0f} MB"
    typer.echo(f"{made.path}: {size}, {languages}, from {made.source}")
    typer.echo(f"Use it with: --set asr.model={made.path}")
