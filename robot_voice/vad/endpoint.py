"""When is the user done? Pure.

A fixed silence time-out is either slow or rude. The words tell more: after a sentence that is
complete a short silence is enough; after "and", "음" or a connective ending the user is thinking.
The policy is a table per language, looked at from the end of the transcript.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from robot_voice.types import Transcript


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds of silence that end a turn."""

    complete: float = 0.4
    unknown: float = 0.7
    unfinished: float = 1.3


@dataclass(frozen=True, slots=True)
class _Endings:
    """How sentences end in one language, apart from punctuation."""

    complete: re.Pattern[str]
    unfinished: re.Pattern[str]
    hanging: re.Pattern[str]
    """Unfinished too, but only where no full stop follows: "I think so." is a sentence."""


_NEVER = r"(?!)"

_CLOSED_BY_P = "".join(map(chr, range(0xAC00 + 17, 0xD7A4, 28)))
"""Every Hangul syllable that ends in ㅂ: after it, -니까 asks politely; else it means "because"."""


def _endings(complete: str, unfinished: str, hanging: str = _NEVER) -> _Endings:
    return _Endings(*(re.compile(f"(?:{ends})$") for ends in (complete, unfinished, hanging)))


# Korean: sentence-final endings close a clause (-다, -요, -죠, -까, -니, -라, -자, -줘);
# connective endings (-고, -는데, -면, -서, -니까, -지만), particles and fillers do not.
# English and the others: conjunctions, articles, prepositions and fillers want more.
_TABLE: Mapping[str, _Endings] = {
    "ko": _endings(
        r"다|요|죠|까|니|냐|네|라|자|줘|해|야|지|군|걸|래|게|봐|어|아|돼|마|려|켜|꺼|춰|응|예|그만|정지"
        r"|(?:^|\s)(?:가|와)",
        rf"(?:고|는데|은데|ㄴ데|인데|한데|면|면서|[가-힣]서|(?<![{_CLOSED_BY_P}])니까|지만|려고|거나|다가|도록|든지)"
        r"|(?:^|\s)(?:음+|어+|그+|저+|저기|그게|그러니까|그리고|그래서|근데|그런데|하지만|또|막)"
        r"|[가-힣](?:을|를|은|는|이랑|하고|에서|한테|에게|의|처럼|보다|까지|부터|에)",
        r"[가-힣](?:으로|로)",
    ),
    "en": _endings(
        _NEVER,
        r"\b(?:and|or|but|because|if|while|the|an?|my|your|our|their|um+|uh+|er+|hmm+|i'm|let's)",
        r"\b(?:so|when|that|which|who|his|her|its|to|of|in|on|at|for|from|with|by|about|into|is|are"
        r"|was|were|am|be|like|well|then|also|please|can you|could you|i|very|really)",
    ),
    "ja": _endings(
        r"です|ます|ました|でした|ません|ください|か|よ|ね|な|だ|た|ろ|なさい",
        r"(?:て|で|けど|けれど|から|ので|のに|が|し|たら|れば|と|(?<!こんにち)(?<!こんばん)は|を|に|も|の)"
        r"|(?:^|\s)?(?:えっと|あの|その|ええと|うーん|まあ)",
    ),
    "zh": _endings(
        r"[吗呢吧啊呀了的]",
        r"因为|所以|但是|可是|而且|如果|然后|还有|或者|和|跟|把|那个|这个|嗯+|呃+|就是",
    ),
    "de": _endings(_NEVER, r"\b(?:und|oder|aber|weil|wenn|dass|der|die|das|ein|eine|zu|äh+|ähm)"),
    "es": _endings(_NEVER, r"\b(?:y|o|pero|porque|si|que|el|la|los|las|un|una|de|en|eh+|este)"),
    "fr": _endings(_NEVER, r"\b(?:et|ou|mais|parce que|si|que|le|la|les|un|une|de|à|euh+)"),
}

_TRAILING_OFF = re.compile(r"(?:\.\.+|…|[,、，:;\-—~])$")
_FULL_STOP = re.compile(r"[.!?。！？]$")
_CLOSING = re.compile(r"[\"'”’»)\]」』】）\s]+$")


def patience(transcript: Transcript, config: Patience, *, command: bool = False) -> float:
    """How many seconds of silence end the turn after this transcript.

    A ``command`` the robot knows is complete by definition. A trailing comma or ellipsis and an
    ending that no sentence has outrank a full stop, because Whisper ends nearly everything with
    one; a question mark is believed.
    """
    if command:
        return config.complete
    text = _CLOSING.sub("", transcript.text.strip().lower())
    if _TRAILING_OFF.search(text):
        return config.unfinished
    if text.endswith(("?", "？")):
        return config.complete
    stopped = bool(_FULL_STOP.search(text))
    words = text.rstrip(".!。！")
    endings = _TABLE.get(transcript.language)
    if endings is not None:
        if endings.unfinished.search(words) or (not stopped and endings.hanging.search(words)):
            return config.unfinished
        if endings.complete.search(words):
            return config.complete
    return config.complete if stopped else config.unknown
