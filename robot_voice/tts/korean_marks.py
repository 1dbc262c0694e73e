"""Where a Korean text sounds other than its letters say: words and patterns that are. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from robot_voice.hangul import apart

from . import korean_words as words

_MARKS = "'+|-"
_HANGUL = "[가-힣]"
_SONORANT = ("", *"ㄴㄵㄶㄹㄻㄼㄽㄾㅀㅁㅇㅎ")
_L_FINAL = "[" + "".join(chr(code) for code in range(ord("갈"), ord("힣") + 1, 28)) + "]"
"""Every syllable that ends in ㄹ."""

_STOP_FINAL = (
    "[" + "".join(c for c in map(chr, range(0xAC00, 0xD7A4)) if apart(c)[2] not in _SONORANT) + "]"
)
_IOTATED = (
    r"(?:이야기|이름|입[고는을다던지었은]|읽|잊|익[은힌]|잎"
    r"|(?!영 점)[야-얗여-옇요-욯유-윻])"
)
"""What gets an ㄴ after a word that ends in a stop: some words with 이, and all with a glide."""

_OF_WORK = (
    "(?:무슨|어떤|그런|이런|저런|다른|나쁜|좋은|힘든|하는|있는|없는|새로운|이번|큰|한|할|볼|쓸|먹을"
    "|필요한|위험한)"
)
_WORK = r"일(?=(?:이|은|을|도|에|로|들|만|까지|부터|처럼|인)?\b|이[에야지고었죠네]|입니|인[데지가])"
"""일 as work, or a matter; not the beginning of 일본, nor the number one."""

_PARTICLE = (
    "(?:은|는|이|가|을|를|에|에서|에게|의|도|로|으로|과|와|만|까지|부터|이나|보다|처럼|마다|밖에|입니다|이에요"
    "|예요|이야|이고|인데|이다|이며|인|일)?(?!" + _HANGUL + ")"
)
_NUMERAL = "[일이삼사오육칠팔구십백천만]"
_SUFFIX = re.compile(
    rf"(?<!{_HANGUL}){_HANGUL}+({_HANGUL}([{''.join(words.SUFFIXES.values())}])){_PARTICLE}"
)
_WHOLE = frozenset(words.WHOLE.split())
_SUFFIX_MARKS = {char: mark for mark, chars in words.SUFFIXES.items() for char in chars}

_BOUND = (
    r"(?:것|거(?=[예야지고다라니네면]|\b)|건(?=가|데|지|\b)|걸(?=까|로|\b)|겁니|게(?=요?\b)|데(?=[가는도서에]?\b)"
    r"|수(?=[가는도]?\b|밖에)|줄(?=[은을도]?\b|알|몰)|지(?=[도는를]?\b)|바(?=[가는를에]?\b)|듯)"
)
_FREE = r"(?:할|될|있을|없을|같을|\b(?:갈|볼|쓸|먹을|만날|보낼|드릴|만들|놀))"
_PATTERNS = {
    # Article 26: numbers before a Chinese counter.
    rf"(?<!{_HANGUL}){_NUMERAL}*[일칠팔] (도|점|단계|주일){_PARTICLE}": "'",
    rf"(?<!{_HANGUL}){_NUMERAL}*[칠팔] (대|세|주){_PARTICLE}": "'",
    # Article 27: after an ending -ㄹ a bound noun, and after a few of them any noun.
    rf"(?!를){_L_FINAL} ({_BOUND})": "'",
    rf"(?<![역분관]){_FREE} ([가-깋다-딯바-빟사-싷자-짛])": "'",
    # The same in one word: endings that begin with -ㄹ.
    rf"{_L_FINAL}(수록|지라도|지언정|진대|세라|게요|걸요?\b)": "'",
    r"할(밖에)": "'",
    rf"(?![길멀달들글늘칠절알살울날얼물툴뚤]){_L_FINAL}(게)\b": "'",
    r"[할될갈올볼쓸을릴킬낼일](지)[도는를]?\b": "'",
    # Article 29, note 2: two words in one breath.
    rf"{_STOP_FINAL} ({_IOTATED})": "+",
    rf"(?<!{_HANGUL}){_OF_WORK} ({_WORK})": "+",
}
_RULES = [(re.compile(pattern), mark) for pattern, mark in _PATTERNS.items()]


def _compiled(entries: Iterable[str]) -> dict[str, tuple[tuple[int, str], ...]]:
    """The words of a table by how they are written, with the places of their marks."""
    found = {}
    for entry in entries:
        written, places = "", []
        for char in entry.replace("_", " "):
            if char in _MARKS:
                places.append((len(written.lstrip("^")), char))
            else:
                written += char
        found[written] = tuple(places)
    return found


_WORDS = _compiled(
    entry
    for table in (
        words.SEAMS,
        words.N_INSERTED,
        words.NO_LATERAL,
        words.TENSE_AFTER_L,
        words.TENSE_CHINESE,
        words.TENSE_COMPOUNDS,
        words.TENSE_STEMS,
    )
    for entry in table.split()
)
_LONGEST = max(map(len, _WORDS))


def marks(text: str) -> dict[int, str]:
    """The marks of ``korean_words`` by the index of the syllable in ``text`` they stand before."""
    found: dict[int, str] = {}
    for match in _SUFFIX.finditer(text):
        if match.group(1) not in _WHOLE:
            found[match.start(2)] = _SUFFIX_MARKS[match.group(2)]
    for pattern, mark in _RULES:
        found.update((match.start(1), mark) for match in pattern.finditer(text))
    at = 0
    while at < len(text):
        length, places = _known(text, at)
        if length > 1 and not places:
            for protected in range(at, at + length):
                found.pop(protected, None)
        found.update((at + place, mark) for place, mark in places)
        at += length
    return found


def _known(text: str, at: int) -> tuple[int, tuple[tuple[int, str], ...]]:
    """The length and the marks of the longest word of the tables at ``at``; (1, ()) for none."""
    begins = at == 0 or not "가" <= text[at - 1] <= "힣"
    for length in range(min(_LONGEST, len(text) - at), 1, -1):
        word = text[at : at + length]
        places = _WORDS.get(word)
        if places is None and begins:
            places = _WORDS.get("^" + word)
        if places is not None:
            return length, places
    return 1, ()
