"""Requests to the memory in English. Pure."""

from __future__ import annotations

import re

from .requests import Export, ForgetAll, ForgetThat, Recall, Remember, Request, Retain, trimmed

_POLITE = r"(?:please|kindly|just|also|always|now|now please|for me)"
_LEAD = re.compile(
    r"^(?:(?:hey|hi|hello|ok|okay|alright|robot|nuri|please|so|and|well|oh|also|now|um"
    r"|uh)[,.!]* )*"
    rf"(?:(?:can|could|would|will) you {_POLITE}? ?|i(?:'d| would) like you to |i want you to "
    rf"|i need you to |you (?:should|must|can) )?(?:{_POLITE} )*",
    re.IGNORECASE,
)
"""What may stand before a request without changing it."""
_TAIL = re.compile(
    r"(?:[, ]+(?:please|okay|ok|for me|for later|robot|nuri|now|right now|thanks"
    r"|thank you))*[ .!?]*$",
    re.IGNORECASE,
)
_ASKED = re.compile(r"\b(?:can|could|would|will) you\b", re.IGNORECASE)

_VERB = (
    r"\b(?:is|isn't|am|are|aren't|was|wasn't|were|has|hasn't|have|haven't|had|do|don't|does"
    r"|doesn't"
    r"|did|didn't|can|can't|cannot|could|will|won't|would|should|must|may|might|like|likes|love"
    r"|loves|hate|hates|prefer|prefers|want|wants|need|needs|live|lives|lived|work|works|worked"
    r"|eat|eats|drink|drinks|play|plays|speak|speaks|study|studies|sleep|sleeps|keep|keeps|go|goes"
    r"|got|get|gets|take|takes|took|put|left|parked|moved|born|married|named|called|come|comes|use"
    r"|uses|drive|drives|wear|wears|start|starts|begin|begins|end|ends|leave|leaves|usually|never"
    r"|always|promised|said|told|bought|sold|lost|means|owe|owes|feel|feels|know|knows|think"
    r"|believe|belongs|costs|arrives|visits?|moves|grew|owns?|teaches|enjoys?)\b"
    r"|\b\w+'(?:s|m|re|ve|ll|d)\b"
)
"""What makes a clause of words, and so a fact of them."""
_CLAUSE = re.compile(_VERB, re.IGNORECASE)
_MUSING = re.compile(
    r"(?:(?:the|that|my|our) )?(?:(?:old|first|last|little|great|funny|good|one|other) )*"
    r"(?:time|times|day|days|night|song|movie|film|summer|winter|year|moment|scene|episode|place"
    r"|party|trip|feeling|guy|girl|man|woman|story|joke|smell|game|show)"
    r"(?:$| (?:when|where|that|we|i|you|he|she|they|in|at|with)\b)",
    re.IGNORECASE,
)
"""'Remember that time when ...' asks for no note."""
_PRONOUN = re.compile(
    r"(?:i|we|he|she|they|it|i'\w+|we'\w+|he's|she's|they're|it's)\b", re.IGNORECASE
)

_OPENERS = (
    r"remember(?: this| the following)?[:,.]?(?: that)?",
    r"(?:don't|do not|never) (?:ever )?forget[:,]?(?: that)?",
    r"(?:keep|bear) in mind(?: this)?[:,]?(?: that)?",
    r"(?:make|take) a note(?:[:,]| that| of (?:the fact|this)[:,]?(?: that)?)",
    r"(?:note|note down|write down|jot down|save|memorize|memorise)(?: this[:,]?|:)?(?: that|:|,)",
    r"for (?:future|your) reference[:,]?",
)
_REMEMBER = re.compile(rf"(?P<verb>{'|'.join(_OPENERS)}) (?P<fact>.+)", re.IGNORECASE)
_REMEMBER_AFTER = re.compile(
    r"(?P<fact>.+?)[,.;!]? (?:and |so )?(?:(?:please|just|always|can you|could you|will you) )*"
    r"(?:(?:remember|memorize|(?:don't|do not|never) forget|make a note of|write down|note|save)"
    r" (?:that|this|it)(?: for me| for later| down)?|(?:keep|bear) (?:that|this|it) in mind)",
    re.IGNORECASE,
)
_INTRODUCED = re.compile(r"(?:that|following|fact|reference|:)[:,]?$", re.IGNORECASE)
_ASIDE = re.compile(r"[,.]$")
"""'Remember, they won' is a way to argue; 'Remember, my sister won' is told to be kept."""
_OWN = re.compile(r"(?:my|our|i|we|mom|mum|dad|i'\w+|we'\w+)\b", re.IGNORECASE)
_SUBJECT = re.compile(
    r"(?:(?i:my|i|i'm|i've|i'll|i'd|our|we|we're|we've|his|her|their|he|she|they|he's|she's"
    r"|they're"
    r"|the|mom|mum|dad|grandma|grandpa)|[A-Z]\w+)\b"
)
"""How a fact begins that is not introduced by 'that'."""
_NO_FACT = re.compile(
    r"(?:to|when|how|why|what|where|who|which|me|us|you|if|whether|is|was|were|are)\b",
    re.IGNORECASE,
)
_UNFINISHED = re.compile(
    r"\b(?:i|you|he|she|we|they|to|not|even|ever|better|just|never|always|can|could|do|does|did|will|would|should"
    r"|must|may"
    r"|said|says|told|\w+n't|cannot|'ll)$",
    re.IGNORECASE,
)
"""'I can't | remember that': the fact would be the beginning of the verb."""

_ALL = (
    r"(?:everything|anything|all)(?: that)?(?: (?:about me|of me|you (?:have )?(?:know|remember"
    r"|remembered|learned|learnt|saved|stored|noted)(?: about me)?|i(?:'ve| have)?(?: ever)?"
    r" (?:told|said to|taught) you))?"
)
_MINE = (
    r"(?:(?:all |all of )?(?:my|your|the) )?"
    r"(?:(?:personal |stored |saved )?(?:data|memory|memories|information|notes|facts))"
)
_FORGET_ALL = re.compile(
    rf"(?:forget {_ALL}|forget me(?: completely| entirely)?"
    rf"|(?:delete|erase|wipe|clear|remove)(?: out)? (?:all )?{_MINE}(?: (?:about|of|on) me)?"
    rf"(?: you have| that you have)?|(?:delete|erase|wipe|clear|remove) (?:everything|all)"
    r" (?:about me|you (?:know|remember)(?: about me)?|of my data))",
    re.IGNORECASE,
)
_NOT_ALL = re.compile(r"forget (?:all|anything)(?: that)?", re.IGNORECASE)

_LAST = re.compile(
    r"(?:forget|delete|erase|remove) (?:that|this|what i (?:just )?(?:said|told you)"
    r"|that last (?:one|thing)|the last (?:one|thing|fact|note)(?: i (?:said|told you))?"
    r"|(?:that|this|it) from your memory|that (?:one|fact|note|memory)|what you just (?:noted"
    r"|saved))"
    r"(?: again)?",
    re.IGNORECASE,
)
_FORGET = re.compile(
    r"(?:forget (?:(?:what|everything|anything|all|whatever) (?:that )?(?:i (?:just )?(?:said|told"
    r" you)|you know|you remember) about|everything about|all about|that|about)"
    r"|(?:delete|erase|remove) (?:the (?:note|memory|fact)|what you know|everything) (?:about"
    r"|that)) (?P<about>.+)",
    re.IGNORECASE,
)
_FORGET_MINE = re.compile(
    r"forget (?P<about>(?:my|where i|when i|how i|who i|what i (?:like|want|eat|do))\b.*)",
    re.IGNORECASE,
)
_NO_TOPIC = re.compile(
    r"(?:it|that|this|them|him|her|us|you|everything|all|dinner|lunch)(?: else)?", re.IGNORECASE
)

_RECALL = re.compile(
    r"(?:what (?:do|did|can) you (?:still )?(?:remember|know)(?: about me| of me)"
    r"|what (?:do|have|can) you (?:still )?remember(?:ed)?(?: about (?P<about>.+))?"
    r"|what (?:did|have) i (?:tell|told|ask|asked) you to (?:remember|keep in mind)"
    r"|what (?:is|'s) in your memory|what's in your memory|what have you (?:saved|noted|stored)"
    r"(?: about me)?|(?:list|show me|tell me|read me|read) (?:(?:all |all of )?(?:your"
    r"|my) (?:memories"
    r"|memory|notes)|(?:everything |all )?(?:what |that )?you (?:remember|know) about me"
    r"|everything you remember))",
    re.IGNORECASE,
)
_EXPORT = re.compile(
    r"(?:export|save|back up|backup|give me(?: a copy of)?|copy) (?:(?:all )?(?:my|your) (?:data"
    r"|memory|memories|notes)|(?:everything|all)(?: that)? you (?:know|remember) about me)"
    r"(?: (?:to|as|in|into) (?:a |my )?(?:file|disk|json))?",
    re.IGNORECASE,
)
_UNITS = {"day": 1, "week": 7, "month": 30, "year": 365}
_NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "fourteen": 14, "thirty": 30, "sixty": 60, "ninety": 90,
}  # fmt: skip
_RETAIN = re.compile(
    r"(?:keep (?:my|your|all|all my|the) (?:data|memories|memory|notes)"
    r"|remember (?:things|everything|what i (?:say|tell you))|forget (?:things|everything|what i"
    r" (?:say|tell you))) (?:(?:for )?(?:only |just |at most |no longer than )*(?:for )?|after )"
    rf"(?P<number>\d{{1,4}}|{'|'.join(_NUMBERS)}) (?P<unit>day|week|month|year)s?(?: only)?",
    re.IGNORECASE,
)

_LATER = (
    r"(?:last|yesterday|before|earlier|previous(?:ly)?|(?:the )?other (?:day|night)|ago|in the past"
    r"|(?:on|this) (?:mon|tues|wednes|thurs|fri|satur|sun)day)"
)
_WE_TALKED = (
    r"(?:(?:did|have|had|were|what|that|when|time|thing|things) we (?:ever |just |already )?"
    r"(?:talk(?:ed|ing)?|spoke|speak|spoken|discuss(?:ed)?|chat(?:ted|ting)?|been talking)"
    r"|our (?:\w+ )?(?:talk|chat|conversation|discussion)s?"
    r"|(?:did i|what i|that i|i had) (?:tell|told|say|said|mention|mentioned)(?: to)? ?(?:you)?)"
)
_TALKS = re.compile(
    rf"\b{_WE_TALKED}\b.*\b{_LATER}\b|\b{_LATER}\b.*\b{_WE_TALKED}\b"
    r"|\bour (?:last|previous|earlier) (?:talk|chat|conversation|discussion)\b",
    re.IGNORECASE,
)
"""'What did we talk about last time?', 'what was our last conversation about?'"""


def asks_of_talks(text: str) -> bool:
    """See ``commands.asks_of_talks``."""
    return _TALKS.search(text) is not None


def request(text: str) -> Request | None:
    """What ``text`` asks; see ``commands.memory_request``."""
    core = _TAIL.sub("", _LEAD.sub("", text, count=1), count=1)
    plain = core.strip(" .!?,")
    return _about_all(plain) or _forget(plain, text) or _remember(core, text)


def _about_all(words: str) -> Request | None:
    """What concerns the memory as a whole."""
    if found := _RETAIN.fullmatch(words):
        number = found["number"].lower()
        count = _NUMBERS.get(number) or int(number)
        return Retain(max(1, count) * _UNITS[found["unit"].lower()])
    if _FORGET_ALL.fullmatch(words) and not _NOT_ALL.fullmatch(words):
        return ForgetAll()
    if found := _RECALL.fullmatch(words):
        about = trimmed(found["about"] or "")
        return Recall("" if about.lower() in ("me", "us") else about)
    return Export() if _EXPORT.fullmatch(words) else None


def _forget(words: str, text: str) -> Request | None:
    if _LAST.fullmatch(words):
        return ForgetThat()
    found = _FORGET.fullmatch(words) or _FORGET_MINE.fullmatch(words)
    if found is None or (text.rstrip().endswith("?") and not _ASKED.search(text)):
        return None
    about = trimmed(found["about"])
    if _NO_TOPIC.fullmatch(about) or not about:
        return None
    return ForgetThat(about)


def _remember(core: str, text: str) -> Request | None:
    if text.rstrip().endswith("?") and not _ASKED.search(text):
        return None
    if found := _REMEMBER.fullmatch(core):
        fact = found["fact"]
        introduced = _INTRODUCED.search(found["verb"]) is not None
        subject = _OWN if _ASIDE.search(found["verb"]) else _SUBJECT
        known = not _NO_FACT.match(fact) and (introduced or bool(subject.match(fact)))
    elif found := _REMEMBER_AFTER.fullmatch(core):
        fact, introduced = found["fact"], False
        known = bool(_SUBJECT.match(fact)) and not _UNFINISHED.search(fact)
        known = known and len(fact.split()) > 2
    else:
        return None
    if not known or _MUSING.match(fact) or "?" in fact or not _states(fact, introduced):
        return None
    return Remember(trimmed(fact))


def _states(fact: str, introduced: bool) -> bool:
    """Whether ``fact`` is a clause. ``introduced``, by 'that', it likely is: there are more verbs
    than ours."""
    if _CLAUSE.search(fact) or not introduced:
        return _CLAUSE.search(fact) is not None
    least = 2 if _PRONOUN.match(fact) else 3
    return _SUBJECT.match(fact) is not None and len(fact.split()) >= least
