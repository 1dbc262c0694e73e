"""The architecture's rules, as functions of a module's syntax tree.

A rule gives what it finds wrong, as lines of text. ``test_architecture`` applies them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

LAYERS = {
    "nouns": "types errors engines events config section safety_config turn_config llm_config",
    "core": "traced hangul earcons meter interjections conversation vad.segmenter vad.endpoint"
    " vad.endings vad.numbers vad.floor tts.sentences tts.graphemes tts.speakable tts.wording"
    " tts.korean_sounds tts.korean_marks tts.korean_words tts.clauses tts.manners tts.pcm safety"
    " llm.prompt llm.abilities llm.summary actions asr.language asr.switch asr.agreement asr.gate"
    " asr.jsgf asr.evidence"
    " asr.phantom asr.subtitles memory.commands memory.english memory.korean memory.requests"
    " memory.sayings"
    " memory.hashing memory.recall skills",
    "flow": "clock cores worker stages reply turn waiting mouth captions stopwatch understanding"
    " pipeline interpreter actions.dispatch condense"
    " skills.ringing",
    "engines": "vad asr llm tts memory.gguf actions.executors",
    "files": "paths schema mistakes settings models reports database memory skills.board"
    " skills.talk",
    "audio": "audio",
    "build": "build",
    "apps": "demo talk chat view doctor service",
    "cli": "cli commands __main__ service.daemon",
}
"""Where each module belongs; the longest name that fits counts."""

BELOW = {
    "nouns": "",
    "core": "nouns",
    "flow": "nouns core",
    "engines": "nouns core",
    "files": "nouns core",
    "audio": "nouns core",
    "build": "nouns core flow engines files audio",
    "apps": "nouns core flow files audio build",
    "cli": "nouns core flow files audio build apps",
}
"""What the modules of a layer may import besides one another. Only ``build`` knows the engines;
nothing below the command line knows it or the daemon."""

IMPORT_EXCEPTIONS = {
    ("audio.process", "vad"): "the audio process runs the detector itself",
    ("commands.tune", "llm.tuning"): "measures the engine itself, without a robot around it",
    ("doctor.software", "tts.voices"): "checks the voices; nothing is loaded",
    ("doctor.software", "tts.wording.japanese_kana"): "asks whether the dictionary is there",
    ("doctor.software", "tts.espeak"): "asks espeak-ng for its voices without making an engine",
}

HEAVY = frozenset(
    [
        "aiomqtt",
        "av",
        "ctranslate2",
        "faster_whisper",
        "huggingface_hub",
        "livekit",
        "llama_cpp",
        "matplotlib",
        "onnx",
        "onnxruntime",
        "piper",
        "pocketsphinx",
        "pyttsx3",
        "sounddevice",
        "soxr",
        "sudachipy",
        "supertonic",
        "tokenizers",
        "webrtcvad",
    ]
)
"""Libraries that take long to import, so nobody may pay for one that is not used."""

IMPURE = frozenset(
    [
        "asyncio",
        "concurrent",
        "multiprocessing",
        "queue",
        "sched",
        "select",
        "signal",
        "socket",
        "subprocess",
        "threading",
        "time",
    ]
)
"""What a core without clock, thread or I/O has no use for."""

CLOCKS = frozenset(
    [
        "time",
        "time_ns",
        "monotonic",
        "monotonic_ns",
        "perf_counter",
        "perf_counter_ns",
        "process_time",
        "now",
        "utcnow",
        "today",
    ]
)

MAY_CATCH_ALL = frozenset({"events", "worker", "service.daemon"})

MAX_FILE, MAX_FUNCTION, MAX_PARAMETERS, MAX_METHODS = 300, 40, 6, 10
"""A number is a reason to look again, not to cut a good thing in two: hence the exceptions."""

SIZE_EXCEPTIONS: dict[str, str] = {}
"""Module, or module and name ("pipeline.Pipeline"), that was looked at again, and why it stays."""


@dataclass(frozen=True)
class Module:
    """``name`` is dotted and lacks the package's own; ``__init__`` goes by its folder's name."""

    name: str
    source: str
    is_package: bool = False
    known: frozenset[str] = frozenset()
    """The names of all modules there are."""

    @cached_property
    def nodes(self) -> Sequence[ast.AST]:
        return list(ast.walk(ast.parse(self.source)))

    @property
    def layer(self) -> str:
        names = {name: layer for layer, all_ in LAYERS.items() for name in all_.split()}
        parts = self.name.split(".")
        for length in range(len(parts), 0, -1):
            if layer := names.get(".".join(parts[:length])):
                return layer
        return "nouns" if self.name == "" else ""

    def calls(self) -> Iterator[tuple[ast.Call, str, ast.expr | None]]:
        """Every call with the called name, and what it is an attribute of."""
        for node in self.nodes:
            if isinstance(node, ast.Call):
                function = node.func
                if isinstance(function, ast.Subscript):  # Queue[int]()
                    function = function.value
                if isinstance(function, ast.Attribute):
                    yield node, function.attr, function.value
                elif isinstance(function, ast.Name):
                    yield node, function.id, None

    def imports(self, nodes: Sequence[ast.AST] | None = None) -> Iterator[tuple[int, str]]:
        """Line and full name of everything imported; of our own modules without the package's."""
        for node in self.nodes if nodes is None else nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield node.lineno, self._own(alias.name)
            elif isinstance(node, ast.ImportFrom):
                base = self._base(node)
                for alias in node.names:
                    inner = f"{base}.{alias.name}".lstrip(".")
                    yield node.lineno, inner if inner in self.known else base

    def top_imports(self) -> Iterator[tuple[int, str]]:
        """What importing the module imports: not inside functions, not for type checkers only."""
        return self.imports(list(_executed(ast.parse(self.source).body)))

    def _own(self, name: str) -> str:
        return "" if name == "robot_voice" else name.removeprefix("robot_voice.")

    def _base(self, node: ast.ImportFrom) -> str:
        if node.level == 0:
            return self._own(node.module or "")
        parts = self.name.split(".") if self.name else []
        climb = node.level - self.is_package
        parts = parts[: len(parts) - climb] if climb else parts
        return ".".join([*parts, *(node.module or "").split(".")]).strip(".")


def _executed(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(statement, ast.If) and "TYPE_CHECKING" in ast.unparse(statement.test):
            yield from _executed(statement.orelse)
            continue
        yield statement
        for name in ("body", "orelse", "finalbody"):
            yield from _executed(getattr(statement, name, []))
        for handler in getattr(statement, "handlers", []):
            yield from _executed(handler.body)


Rule = Callable[[Module], Iterator[str]]


def import_direction(module: Module) -> Iterator[str]:
    if not module.layer:
        yield f"{module.name}: belongs to no layer yet; give it a place in LAYERS"
        return
    allowed = {module.layer, *BELOW[module.layer].split()}
    for line, name in module.imports():
        if name not in module.known:
            continue
        other = Module(name, "").layer
        same_package = module.name.split(".")[0] == name.split(".")[0]
        strange = other == module.layer == "engines" and not same_package
        if (other not in allowed or strange) and (module.name, name) not in IMPORT_EXCEPTIONS:
            yield f"{line}: {module.layer} may not import {other} ({name})"


def heavy_imports(module: Module) -> Iterator[str]:
    if module.layer in ("engines", "audio"):
        return
    for line, name in module.top_imports():
        if (library := name.split(".")[0]) in HEAVY:
            yield f"{line}: {library} imported at the top"


def safe_text(module: Module) -> Iterator[str]:
    if module.name.split(".")[0] == "safety":
        return
    for call, name, _ in module.calls():
        if name == "SafeText":
            yield f"{call.lineno}: only safety/ constructs SafeText"
    for node in module.nodes:
        if isinstance(node, ast.alias) and node.name == "SafeText" and node.asname:
            yield f"{node.lineno}: SafeText under another name"


def tasks_have_parents(module: Module) -> Iterator[str]:
    groups = set(_task_groups(module.nodes))
    for call, name, owner in module.calls():
        stray = name == "create_task" and _last_name(owner) not in groups
        if stray or name == "ensure_future":
            yield f"{call.lineno}: {ast.unparse(call.func)} is no TaskGroup's"


def _task_groups(nodes: Sequence[ast.AST]) -> Iterator[str]:
    """The names, of variables or attributes, that are bound to or declared as a ``TaskGroup``."""
    for node in nodes:
        match node:
            case ast.withitem(context_expr=ast.expr() as source, optional_vars=target):
                targets = [target]
            case ast.Assign(targets=[*targets], value=source):
                pass
            case ast.AnnAssign(target=target, annotation=source):
                targets = [target]
            case ast.arg(arg=name, annotation=ast.expr() as source):
                targets = [ast.Name(name)]
            case _:
                continue
        if "TaskGroup" in ast.unparse(source):
            yield from map(_last_name, targets)


def _last_name(node: ast.expr | None) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def queues_are_bounded(module: Module) -> Iterator[str]:
    lines = module.source.splitlines()
    for call, name, _ in module.calls():
        first = 1 if name == "deque" else 0  # where the bound stands
        limits = [
            keyword.value for keyword in call.keywords if keyword.arg in ("maxsize", "maxlen")
        ]
        limits += call.args[first : first + 1]
        bounded = any(ast.unparse(limit) not in ("0", "None", "-1") for limit in limits)
        if name in ("SimpleQueue", "field"):
            factories = [keyword.value for keyword in call.keywords]
            bounded = name == "field" and not any(map(_is_queue, factories))
        elif name not in ("Queue", "LifoQueue", "PriorityQueue", "deque"):
            continue
        said = "\n".join(lines[call.lineno - 1 : call.end_lineno])
        if not bounded and not re.search("# bounded( by|:) ", said):
            yield f"{call.lineno}: {name} without a bound"


def _is_queue(node: ast.expr) -> bool:
    return ast.unparse(node).split(".")[-1].endswith(("Queue", "deque"))


def no_clock_in_the_core(module: Module) -> Iterator[str]:
    if module.layer not in ("nouns", "core"):
        return
    for line, name in module.imports():
        if name.split(".")[0] in IMPURE:
            yield f"{line}: the core imports {name}"
    for call, name, owner in module.calls():
        if name in CLOCKS and owner is not None:
            yield f"{call.lineno}: the core reads a clock"


def narrow_excepts(module: Module) -> Iterator[str]:
    if module.name in MAY_CATCH_ALL:
        return
    caught: list[ast.expr | None] = []
    lines: list[int] = []
    for node in module.nodes:
        if isinstance(node, ast.ExceptHandler):
            several = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            caught += several
            lines += [node.lineno] * len(several)
    for call, name, _ in module.calls():
        if name == "suppress":
            caught += call.args
            lines += [call.lineno] * len(call.args)
    for line, kind in zip(lines, caught, strict=True):
        if kind is None or ast.unparse(kind).split(".")[-1] in ("Exception", "BaseException"):
            yield f"{line}: catches everything"


def sizes(module: Module) -> Iterator[str]:
    for name, verdict in oversized(module):
        if name not in SIZE_EXCEPTIONS:
            yield f"{name}: {verdict}"


def oversized(module: Module) -> Iterator[tuple[str, str]]:
    """The name of everything too large, and how large it is."""
    yield from _over(module.name, len(module.source.splitlines()), MAX_FILE, "lines")
    for node in module.nodes:
        if isinstance(node, ast.ClassDef):
            methods = [
                n for n in node.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
            ]
            public = [method for method in methods if not method.name.startswith("_")]
            name = f"{module.name}.{node.name}"
            yield from _over(name, len(public), MAX_METHODS, "public methods")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            name = f"{module.name}.{node.name}"
            yield from _over(name, _body_lines(node), MAX_FUNCTION, "lines")
            if not _is_command(node):
                yield from _over(name, _parameters(node), MAX_PARAMETERS, "parameters")


def _over(name: str, number: int, limit: int, what: str) -> Iterator[tuple[str, str]]:
    if number > limit:
        yield name, f"{number} {what}, more than {limit}"


def _parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    return len([argument for argument in arguments if argument.arg not in ("self", "cls")])


def _body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from ``def`` to the end, less the docstring: explaining is no fault."""
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    if ast.get_docstring(node) is not None:
        lines -= (node.body[0].end_lineno or 0) - node.body[0].lineno + 1
    return lines


def _is_command(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """A command's parameters are its options on the command line."""
    return any("command" in ast.unparse(decorator) for decorator in node.decorator_list)


RULES: tuple[Rule, ...] = (
    import_direction,
    heavy_imports,
    safe_text,
    tasks_have_parents,
    queues_are_bounded,
    no_clock_in_the_core,
    narrow_excepts,
    sizes,
)


def package() -> list[Module]:
    files = sorted((ROOT / "robot_voice").rglob("*.py"))
    names = [_module_name(file) for file in files]
    return [
        Module(name, file.read_text("utf-8"), file.name == "__init__.py", frozenset(names))
        for name, file in zip(names, files, strict=True)
    ]


def _module_name(file: Path) -> str:
    parts = file.relative_to(ROOT / "robot_voice").with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")
