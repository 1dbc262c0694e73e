"""Short answers that the user could give to a message. Pure.

The model is asked for three in one go. What it writes is taken apart and sifted: one line each,
short, different, in the language asked for. What is missing is filled up with what always fits, so
that there are three.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from robot_voice.llm.prompt import LANGUAGES
from robot_voice.types import Message

WANTED = 3
MOST_CHARS = 60
"""Of a suggestion: a line on a small screen, three seconds of speech."""
MOST_WORDS = 10

_ALWAYS = {
    "en": ("Thank you!", "All right.", "Can you tell me more?"),
    "ko": ("고마워요!", "알겠어요.", "조금 더 말해 줄래요?"),
    "ja": ("ありがとう。", "わかりました。", "もう少し教えてください。"),
    "zh": ("谢谢！", "好的。", "能再说说吗？"),
}
"""What fits any message."""
_SCRIPTS = {"ko": "[가-힣]", "ja": "[\u3040-\u30ff\u4e00-\u9fff]", "zh": "[\u4e00-\u9fff]"}
_MARKER = re.compile(r"^\s*(?:[-*•·]+|\(?\d{1,2}[.):]|[a-cA-C][.)])\s*")
_LABEL = re.compile(
    r"^(?:here (?:are|is)\b.*|sure\b.*:"
    r"|(?:reply|answer|suggestion|option|답장|답변|제안)\s*\d*\s*:)\s*",
    re.IGNORECASE,
)
_QUOTES = " \t\"'“”‘’「」『』*_`"
_BETWEEN = re.compile(r"\n+|\s+/\s+|\s*\|\s*|(?<=[.!?。！？])\s+(?=\(?\d{1,2}[.)])")


def suggestions_prompt(text: str, language: str) -> list[Message]:
    """What a model is asked for answers to the message ``text``, in ``language`` (ISO 639-1)."""
    name = LANGUAGES.get(language, "the language of the message")
    asked = (
        f"Somebody wrote to me: {text}\n"
        f"[Write {WANTED} short and friendly answers that I could send back, each of at most eight"
        f" words, in {name}. They must differ: one agrees, one declines or hesitates, one asks"
        " something. One answer per line, without numbers, quotation marks or explanations.]"
    )
    return [Message("user", asked)]


def suggestions(written: str, text: str, language: str) -> list[str]:
    """The suggestions in what the model has ``written``, best first, at most ``WANTED``.

    ``text``: the message they answer, which is none itself. ``language``: ISO 639-1 code.
    """
    found: list[str] = []
    seen = {_key(text), ""}
    for line in _BETWEEN.split(written):
        line = _LABEL.sub("", _MARKER.sub("", line)).strip(_QUOTES)
        if _fits(line, language) and not _alike(_key(line), seen):
            seen.add(_key(line))
            found.append(line)
    return found[:WANTED]


def filled_up(some: Sequence[str], language: str) -> list[str]:
    """``some``, and of what always fits as many as are missing."""
    seen = {_key(line) for line in some}
    always = _ALWAYS.get(language, _ALWAYS["en"])
    more = [line for line in always if not _alike(_key(line), seen)]
    return [*some, *more][:WANTED]


def _fits(line: str, language: str) -> bool:
    if not 0 < len(line) <= MOST_CHARS or len(line.split()) > MOST_WORDS:
        return False
    if line.endswith(":") or re.search(r"[<>{}\[\]#]|https?:", line):
        return False
    script = _SCRIPTS.get(language)
    if script is not None:
        return bool(re.search(script, line))
    return bool(re.search(r"\w", line)) and not re.search("[가-힣\u3040-\u30ff\u4e00-\u9fff]", line)


def _key(line: str) -> str:
    """What makes two lines the same: letters and digits alone."""
    folded = unicodedata.normalize("NFKC", line).casefold()
    return "".join(char for char in folded if char.isalnum())


def _alike(key: str, seen: Iterable[str]) -> bool:
    """Whether it is one of ``seen``, or the beginning of one, or the other way round."""
    return any(key == other or (other and (key.startswith(other) or other.startswith(key)))
               for other in seen)  # fmt: skip
