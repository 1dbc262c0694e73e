"""Checks of what is installed: Python, packages, configuration, models, espeak-ng."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata

from robot_voice.errors import ConfigError, ModelError
from robot_voice.models.manifest import Machine, load_manifest, suggest
from robot_voice.models.registry import ModelKind, find_model
from robot_voice.tts.espeak import check_voices
from robot_voice.tts.voices import VoiceSpec, make_engine, specs
from robot_voice.tts.wording import japanese_kana

from .check import Check, Subject

_MIN_PYTHON = (3, 11)
_ESPEAK_SECONDS = 10.0
"""espeak-ng answers within 20 ms; a machine that needs this long cannot speak in time either."""


def python(subject: Subject) -> Iterator[Check]:
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info >= _MIN_PYTHON:
        yield Check("Python", "ok", found)
    else:
        yield Check("Python", "fail", f"{found} is too old", "Install Python 3.11 or newer.")


def packages(subject: Subject) -> Iterator[Check]:
    """Whether everything the package requires is installed (extras are checked where used)."""
    needed = [line for line in metadata.requires("robot-voice") or () if "extra ==" not in line]
    names = [match[0] for line in needed if (match := re.match(r"[\w.-]+", line))]
    versions = {name: package_version(name) for name in names}
    missing = [name for name, version in versions.items() if version is None]
    if missing:
        mend = "Run `make setup` in the checkout, or install its folder again with pip."
        yield Check("packages", "fail", f"missing: {', '.join(missing)}", mend)
    else:
        engines = ("faster-whisper", "llama-cpp-python", "onnxruntime")
        shown = ", ".join(f"{name} {versions.get(name)}" for name in engines)
        yield Check("packages", "ok", f"all {len(names)} installed ({shown})")


def configuration(subject: Subject) -> Iterator[Check]:
    if subject.mistake is None:
        yield Check("configuration", "ok", str(subject.loaded.file or "built-in defaults"))
    else:
        detail = f"{subject.mistake}\n(the checks below assume the defaults)"
        mend = "Correct it; `robot-voice config schema` lists every key and what it takes."
        yield Check("configuration", "fail", detail, mend)


def models(subject: Subject) -> Iterator[Check]:
    for kind, name in _named(subject).items():
        label = {"asr": "speech model", "llm": "language model"}[kind]
        try:
            model = find_model(kind, name, subject.loaded.base((kind, "model")))
            size = f"{model.path} ({model.size / 1e6:.0f} MB)"
        except ModelError as error:
            mend = f'Put it in one of these places, or set {kind}.model = "starter".'
            yield Check(label, "fail", str(error), mend)
            continue
        note = "; starter: small talk and robot commands only" if model.is_starter else ""
        yield Check(label, "ok", f"{size}{note}")


def profile(subject: Subject) -> Iterator[Check]:
    """Which full models suit this machine, if the robot runs on the starter."""
    try:
        manifest, machine = load_manifest(), Machine.here()
        starter = [
            kind for kind, name in _named(subject).items() if _is_starter(subject, kind, name)
        ]
    except ModelError:
        return  # the models' own check tells
    suits = suggest(manifest, machine)
    if suits is None:
        yield Check("model profile", "ok", f"{machine}: too small for more than the starter")
        return
    fits = f"{machine}: profile {suits} ({', '.join(manifest.profile(suits).models)})"
    if starter:
        detail = f"{fits}; the starter is for a first hour, and hardly understands people"
        mend = f"With internet: robot-voice models pull --profile {suits}"
        yield Check("model profile", "warn", detail, mend)
    else:
        yield Check("model profile", "ok", f"{fits} would suit")


def espeak(subject: Subject) -> Iterator[Check]:
    """Whether espeak-ng is there and has the voice of each language that it is to speak."""
    config = subject.config.tts
    try:
        found = _voices(subject)
    except ConfigError:
        return  # ``voices`` tells
    names = {code: v.name for code, v in found.items() if v.engine == "espeak"}
    if not names:
        return
    try:
        wrong = check_voices(config.model_copy(update={"voices": names}), names)
    except ModelError as error:
        yield Check("espeak-ng", "fail", f"{error}: the robot cannot speak", _INSTALL_ESPEAK)
        return
    yield Check("espeak-ng", "ok", _espeak_version())
    if wrong:
        mend = "Set tts.voices to names that `espeak-ng --voices` lists."
        yield Check("voices", "fail", "; ".join(wrong.values()), mend)
    else:
        yield Check("voices", "ok", ", ".join(names))
    if "ja" in names and not japanese_kana.available():
        yield Check(
            "japanese",
            "warn",
            'espeak-ng reads no kanji: it says "Chinese letter" for each',
            'pip install "robot-voice[ja]"',
        )


def voices(subject: Subject) -> Iterator[Check]:
    """Whether each voice that is not espeak-ng's is there, and can be made to speak: its library
    and its files, none of which is loaded."""
    mend = "Mend it, or take it out of tts.voices: espeak-ng speaks most languages."
    try:
        found = _voices(subject)
    except ConfigError as error:
        yield Check("tts.voices", "fail", str(error), mend)
        return
    for place in dict.fromkeys(v.place for v in found.values() if v.engine != "espeak"):
        names = {code: v.name for code, v in found.items() if v.place == place}
        label = f"voice of {', '.join(names)}"
        try:
            make_engine(subject.config.tts, 1, place, names)
        except (ModelError, ConfigError) as error:
            yield Check(label, "fail", str(error), mend)
        else:
            yield Check(label, "ok", " ".join(map(str, filter(None, place))))


def _voices(subject: Subject) -> dict[str, VoiceSpec]:
    """Of the languages that may be spoken. Raises ``ConfigError``."""
    config, loaded = subject.config, subject.loaded
    reply = () if config.language.reply == "user" else (config.language.reply,)
    languages = dict.fromkeys((*config.language.allowed, *reply))
    found = specs(config.tts, languages, lambda code: loaded.base(("tts", "voices", code)))
    return {language: found[language] for language in languages}


def package_version(name: str) -> str | None:
    """The installed version of a package, or None."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _named(subject: Subject) -> dict[ModelKind, str]:
    return {"asr": subject.config.asr.model, "llm": subject.config.llm.model}


def _is_starter(subject: Subject, kind: ModelKind, name: str) -> bool:
    return find_model(kind, name, subject.loaded.base((kind, "model"))).is_starter


_INSTALL_ESPEAK = (
    "Debian, Ubuntu: sudo apt install espeak-ng. macOS: brew install espeak-ng. "
    "Windows: the installer from the espeak-ng project."
)


def _espeak_version() -> str:
    done = subprocess.run(
        ["espeak-ng", "--version"],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=_ESPEAK_SECONDS,
        check=False,
    )
    return done.stdout.partition("  ")[0].strip()
