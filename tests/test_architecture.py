"""The package keeps the rules of its architecture, and each rule sees what it is for."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from .architecture import (
    HEAVY,
    IMPORT_EXCEPTIONS,
    ROOT,
    RULES,
    SIZE_EXCEPTIONS,
    Module,
    Rule,
    heavy_imports,
    import_direction,
    narrow_excepts,
    no_clock_in_the_core,
    oversized,
    package,
    queues_are_bounded,
    safe_text,
    sizes,
    tasks_have_parents,
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_package_keeps_the_rule(rule: Rule) -> None:
    found = [f"robot_voice/{module.name}: {line}" for module in package() for line in rule(module)]
    assert not found, "\n".join(found)


def test_every_exception_is_still_needed() -> None:
    modules = package()
    imports = {(module.name, other) for module in modules for _, other in module.imports()}
    assert set(IMPORT_EXCEPTIONS) <= imports
    assert set(SIZE_EXCEPTIONS) <= {name for module in modules for name, _ in oversized(module)}


def test_the_command_line_starts_without_a_heavy_library() -> None:
    modules = {module.name: module for module in package()}
    ahead, reached = ["cli", "__main__"], set[str]()
    while ahead:
        name = ahead.pop()
        if name in reached or name not in modules:
            continue
        reached.add(name)
        imported = [other for _, other in modules[name].top_imports()]
        heavy = HEAVY & {other.split(".")[0] for other in imported}
        assert not heavy, f"{name} is imported at the start and imports {heavy}"
        ahead += [name.rpartition(".")[0], *imported]
    assert {"cli", "commands"} <= reached


FORBIDDEN = re.compile(
    r"(?<![\w.~-])/(?:work|root|home/\w+|Users/\w+)/"  # folders of one machine
    r"|https?://[^\s\"']*(?:/simple\b|registry\.)"  # package indexes
)


def text_files() -> list[Path]:
    """Every file of the project that git keeps, or would, and that is text."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout: which files belong to the project is not known")
    files = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [file for file in files if file.is_file() and b"\0" not in file.read_bytes()[:8192]]


def test_no_file_names_a_machine_or_a_registry() -> None:
    found = [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
        for file in text_files()
        for number, line in enumerate(file.read_text("utf-8", errors="replace").splitlines(), 1)
        if FORBIDDEN.search(line)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("text", "forbidden"),
    [
        ("see /{}/main".format("work"), True),
        ("cd /{}/.cache".format("root"), True),
        ("pip -i https://x.y/{}".format("simple"), True),
        ("https://{}.example.org/x".format("registry"), True),
        ("net/{}/main".format("work"), False),
        ("~/{}/x".format("root"), False),
        ("https://example.org/simply", False),
    ],
)
def test_what_counts_as_a_machines_path(text: str, forbidden: bool) -> None:
    assert bool(FORBIDDEN.search(text)) == forbidden


KNOWN = frozenset(
    {
        *("types", "events", "config", "conversation", "worker", "pipeline", "build", "demo"),
        *("vad", "vad.silero", "vad.segmenter", "asr.whisper", "llm.llama", "llm.prompt"),
        *("safety.screen", "audio.process", "service.daemon", "service.logs"),
        *("cli", "commands.common"),
    }
)

DIRECTION: list[tuple[str, str, bool]] = [
    ("types", "from .conversation import Conversation", True),
    ("types", "def f():\n    from . import pipeline", True),
    ("conversation", "from .types import Message", False),
    ("conversation", "import robot_voice.worker", True),
    ("vad.segmenter", "from robot_voice.vad.silero import Silero", True),
    ("vad.segmenter", "from ..types import RATE", False),
    ("llm.llama", "from .prompt import compose", False),
    ("llm.llama", "from robot_voice.asr.whisper import x", True),
    ("llm.llama", "from robot_voice.worker import Worker", True),
    ("pipeline", "from .vad.segmenter import Segmenter", False),
    ("pipeline", "from .vad import silero", True),
    ("pipeline", "from .build import build", True),
    ("audio.process", "from robot_voice.vad import load_vad", False),
    ("audio.process", "from robot_voice.vad.silero import x", True),
    ("build", "def f():\n    from .asr.whisper import WhisperAsr", False),
    ("build", "from .cli import main", True),
    ("demo", "from .llm.llama import LlamaLlm", True),
    ("service.logs", "from .daemon import run", True),
    ("commands.common", "from robot_voice.service.daemon import run", False),
    ("novelty", "", True),
]

CASES: list[tuple[Rule, str, str, bool]] = [
    *((import_direction, *case) for case in DIRECTION),
    (heavy_imports, "worker", "import numpy", False),
    (heavy_imports, "worker", "import onnxruntime.capi", True),
    (heavy_imports, "worker", "try:\n    from llama_cpp import x\nexcept OSError: ...", True),
    (heavy_imports, "worker", "def f():\n    import llama_cpp", False),
    (heavy_imports, "worker", "if TYPE_CHECKING:\n    import llama_cpp", False),
    (heavy_imports, "asr.whisper", "import faster_whisper", False),
    (safe_text, "safety.screen", "SafeText('a', 'en')", False),
    (safe_text, "pipeline", "x: SafeText", False),
    (safe_text, "pipeline", "SafeText('a', 'en')", True),
    (safe_text, "pipeline", "types.SafeText('a', 'en')", True),
    (safe_text, "pipeline", "from .types import SafeText as Fine", True),
    (tasks_have_parents, "x", "asyncio.create_task(f())", True),
    (tasks_have_parents, "x", "from asyncio import create_task\ncreate_task(f())", True),
    (tasks_have_parents, "x", "asyncio.get_running_loop().create_task(f())", True),
    (tasks_have_parents, "x", "loop.create_task(f())", True),
    (tasks_have_parents, "x", "asyncio.ensure_future(f())", True),
    (tasks_have_parents, "x", "self.tasks.create_task(f())", True),
    (tasks_have_parents, "x", "self.tasks = TaskGroup()\nself.tasks.create_task(f())", False),
    (tasks_have_parents, "x", "def f(turns: TaskGroup): turns.create_task(f())", False),
    (tasks_have_parents, "x", "async def f():\n with TaskGroup() as g: g.create_task(f())", False),
    (queues_are_bounded, "x", "asyncio.Queue()", True),
    (queues_are_bounded, "x", "q = asyncio.Queue[int]()", True),
    (queues_are_bounded, "x", "queue.Queue(maxsize=0)", True),
    (queues_are_bounded, "x", "queue.SimpleQueue()", True),
    (queues_are_bounded, "x", "collections.deque(items)", True),
    (queues_are_bounded, "x", "deque(maxlen=None)", True),
    (queues_are_bounded, "x", "q: deque = field(default_factory=deque)", True),
    (queues_are_bounded, "x", "deque(maxlen=4); deque([], 4); asyncio.Queue(2)", False),
    (queues_are_bounded, "x", "field(default_factory=list)", False),
    (queues_are_bounded, "x", "asyncio.Queue()  # bounded by _room", False),
    (no_clock_in_the_core, "conversation", "import time", True),
    (no_clock_in_the_core, "safety.screen", "import datetime; datetime.date.today()", True),
    (no_clock_in_the_core, "skills.days", "from datetime import date", False),
    (no_clock_in_the_core, "vad.segmenter", "self._loop.time()", True),
    (no_clock_in_the_core, "conversation", "def f():\n    import asyncio", True),
    (no_clock_in_the_core, "conversation", "time = frame.start; re.sub('a', 'b', 'c')", False),
    (no_clock_in_the_core, "pipeline", "import asyncio; loop.time()", False),
    (narrow_excepts, "x", "try: f()\nexcept Exception: ...", True),
    (narrow_excepts, "x", "try: f()\nexcept: ...", True),
    (narrow_excepts, "x", "try: f()\nexcept (OSError, builtins.BaseException): ...", True),
    (narrow_excepts, "x", "with contextlib.suppress(Exception): f()", True),
    (narrow_excepts, "x", "try: f()\nexcept (OSError, ValueError): ...", False),
    (narrow_excepts, "worker", "try: f()\nexcept Exception: ...", False),
    (sizes, "x", "\n" * 300, False),
    (sizes, "x", "\n" * 301, True),
    (sizes, "x", "def f():" + "\n  x" * 39, False),
    (sizes, "x", "def f():" + "\n  x" * 40, True),
    (sizes, "x", "def f():\n  '''" + "a\n" * 40 + "'''\n  x", False),
    (sizes, "x", "def f(self, a, b, c, d, e, f): ...", False),
    (sizes, "x", "def f(a, b, c, d, e, f, *, g): ...", True),
    (sizes, "x", "@app.command()\ndef f(a, b, c, d, e, f, g): ...", False),
    (sizes, "x", "class C:" + "".join(f"\n  def m{n}(self): ..." for n in range(11)), True),
    (sizes, "x", "class C:" + "".join(f"\n  def _m{n}(self): ..." for n in range(11)), False),
]


@pytest.mark.parametrize(
    ("rule", "name", "source", "bad"),
    CASES,
    ids=[f"{rule.__name__}-{number}" for number, (rule, *_) in enumerate(CASES)],
)
def test_a_rule_sees_what_it_is_for(rule: Rule, name: str, source: str, bad: bool) -> None:
    found = list(rule(Module(name, source, known=KNOWN)))
    assert bool(found) == bad, found


def test_a_package_is_named_by_its_folder() -> None:
    vad = Module("vad", "from .silero import x\nfrom ..types import y", True, KNOWN)
    assert [name for _, name in vad.imports()] == ["vad.silero", "types"]
