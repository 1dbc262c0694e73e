"""English money, measures, fractions and plain numbers in words. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .english_numbers import MOST_DIGITS, cardinal, number, ordinal, plural
from .rules import NUMBER, Rule


@dataclass(frozen=True, slots=True)
class Currency:
    """The names of one and of several, of the coin and of the note."""

    one: str
    many: str
    cent: str = ""
    cents: str = ""


_DOLLAR = Currency("dollar", "dollars", "cent", "cents")
_POUND = Currency("pound", "pounds", "penny", "pence")
_EURO = Currency("euro", "euros", "cent", "cents")
_WON, _YEN = Currency("won", "won"), Currency("yen", "yen")
_YUAN, _RUPEE = Currency("yuan", "yuan"), Currency("rupee", "rupees")
_CURRENCIES = {
    **{"US$": _DOLLAR, "$": _DOLLAR, "USD": _DOLLAR, "£": _POUND, "GBP": _POUND},
    **{"€": _EURO, "EUR": _EURO, "₩": _WON, "KRW": _WON, "¥": _YEN, "￥": _YEN, "JPY": _YEN},
    **{"CNY": _YUAN, "₹": _RUPEE, "INR": _RUPEE},
}
_MONEY = "|".join(re.escape(sign) for sign in _CURRENCIES)
_SCALES = {"k": "thousand", "m": "million", "bn": "billion", "b": "billion", "tn": "trillion"}
_SCALE = r"(?:\s?(?P<scale>[kKmMB]|bn|tn)\b|\s(?P<word>thousand|million|billion|trillion)\b)?"

_UNITS = {
    "km": "kilometer", "m": "meter", "cm": "centimeter", "mm": "millimeter", "μm": "micrometer",
    "µm": "micrometer", "nm": "nanometer", "mi": "mile", "yd": "yard", "ft": "foot",
    "kg": "kilogram", "g": "gram", "mg": "milligram", "μg": "microgram", "µg": "microgram",
    "lb": "pound", "lbs": "pound", "oz": "ounce", "L": "liter", "l": "liter", "dl": "deciliter",
    "dL": "deciliter", "cl": "centiliter", "ml": "milliliter", "mL": "milliliter",
    "h": "hour", "hr": "hour", "hrs": "hour", "min": "minute", "mins": "minute", "s": "second",
    "sec": "second", "secs": "second", "ms": "millisecond",
    "°C": "degree Celsius", "℃": "degree Celsius", "°F": "degree Fahrenheit",
    "℉": "degree Fahrenheit", "°": "degree",
    "kph": "kilometer per hour", "mph": "mile per hour", "rpm": "revolution per minute",
    "fps": "frame per second", "bpm": "beat per minute", "dpi": "dot per inch",
    "Hz": "hertz", "kHz": "kilohertz", "MHz": "megahertz", "GHz": "gigahertz", "dB": "decibel",
    "W": "watt", "kW": "kilowatt", "MW": "megawatt", "kWh": "kilowatt hour", "Wh": "watt hour",
    "V": "volt", "mV": "millivolt", "kV": "kilovolt", "mA": "milliamp", "mAh": "milliamp hour",
    "N": "newton", "Nm": "newton meter", "Pa": "pascal", "kPa": "kilopascal", "hPa": "hectopascal",
    "J": "joule", "kJ": "kilojoule", "cal": "calorie", "kcal": "kilocalorie",
    "KB": "kilobyte", "kB": "kilobyte", "MB": "megabyte", "GB": "gigabyte", "TB": "terabyte",
    "kbps": "kilobit per second", "Mbps": "megabit per second", "Gbps": "gigabit per second",
    "m²": "square meter", "m2": "square meter", "km²": "square kilometer",
    "km2": "square kilometer", "cm²": "square centimeter", "mm²": "square millimeter",
    "m³": "cubic meter", "m3": "cubic meter", "cm³": "cubic centimeter", "px": "pixel",
    "MP": "megapixel",
}  # fmt: skip
_PER = {
    **_UNITS, "d": "day", "day": "day", "week": "week", "month": "month", "year": "year",
    "yr": "year", "hour": "hour", "minute": "minute", "second": "second", "person": "person",
    "night": "night", "in": "inch", "serving": "serving", "item": "item", "piece": "piece",
}  # fmt: skip


def _any(names: dict[str, str]) -> str:
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))


_FRACTIONS = {"½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅛": "1/8", "⅕": "1/5"}
_SIGN = r"(?<![\w)\]$£€₩¥%])[-−+]"
_AMOUNT = rf"(?:{_SIGN})?(?:(?<![\w.,]){NUMBER}|(?<![\w.])\.\d+)"
_BROKEN = rf"(?:(?:\d{{1,3}}[ -])?\d{{1,2}}/\d{{1,3}}|\d{{0,3}} ?[{''.join(_FRACTIONS)}])"
_DENOMINATORS = {*range(2, 11), 12, 16, 20, 32, 50, 64, 100, 1000}
_NAMED = ("24/7", "9/11", "50/50")
_SCORE = re.compile(
    r"\b(?:rate[ds]?|rating|scored?|grade|step|page|part|stage|level|question|got|a)"
    r"(?: (?:is|was|of|it|at))?:? $",
    re.I,
)
"""What stands before "7/10" when it is no fraction."""


def _unit(symbol: str, single: bool) -> str:
    """The name of a measure, of one or of several: "km/h" is "kilometers per hour"."""
    unit, _, per = symbol.partition("/")
    words = _UNITS[unit]
    if not single:
        head, space, rest = words.partition(" per ")
        first, gap, scale = head.partition(" ") if head.startswith("degree ") else (head, "", "")
        start, blank, last = first.rpartition(" ")
        words = f"{start}{blank}{_several(last)}{gap}{scale}{space}{rest}"
    return f"{words} per {_PER[per]}" if per else words


def _several(noun: str) -> str:
    return noun if noun.endswith("hertz") else "feet" if noun == "foot" else f"{noun}s"


def _measure(match: re.Match[str]) -> str:
    value = match["value"]
    single = value.lstrip("-−+") == "1" or match["gap"] == "-"
    return f"{number(value)} {_unit(match['unit'], single)}"


def _broken_measure(match: re.Match[str]) -> str:
    """ "1/2 km" is "half a kilometer", "2 1/2 km" "two and a half kilometers"."""
    words = _fraction(match["value"])
    if " and " in words:
        return f"{words} {_unit(match['unit'], False)}"
    words = "half" if words == "one half" else f"{words} of"
    return f"{words} a {_unit(match['unit'], True)}"


def _money(match: re.Match[str]) -> str:
    return _sum(match) + (f" per {_PER[match['per']]}" if match["per"] else "")


def _sum(match: re.Match[str]) -> str:
    value, low = match["value"], match["low"]
    currency = _CURRENCIES[match["sign"]]
    scale = match["word"] or _SCALES.get((match["scale"] or "").lower(), "")
    sign = "minus " if match["minus"] else ""
    if low:
        words = f"{number(low)} to {number(value)} {scale}".rstrip()
        return f"{sign}{words} {currency.many}"
    if scale:
        return f"{sign}{number(value)} {scale} {currency.many}"
    whole, _, cents = value.replace(",", "").partition(".")
    if len(cents) != 2 or not currency.cent or len(whole) > MOST_DIGITS:
        name = currency.one if value == "1" or _attributive(match) else currency.many
        return f"{sign}{number(value)} {name}"
    return sign + _coins(int(whole), int(cents), currency)


def _attributive(match: re.Match[str]) -> bool:
    """Whether money says what kind of thing it is: "a $5 bill"."""
    return bool(
        re.match(
            r"[ -](?:bills?|notes?|coins?|gift|ticket|fee|fine)\b", match.string[match.end() :]
        )
    )


def _coins(whole: int, cents: int, currency: Currency) -> str:
    words: list[str] = []
    if whole or not cents:
        words.append(f"{cardinal(str(whole))} {currency.one if whole == 1 else currency.many}")
    if cents:
        words.append(f"{cardinal(str(cents))} {currency.cent if cents == 1 else currency.cents}")
    return " and ".join(words)


def _fraction(text: str) -> str:
    for sign, plain in _FRACTIONS.items():
        text = text.replace(sign, f" {plain}")
    *whole, rest = text.replace("-", " ").split()
    top, bottom = (int(part) for part in rest.split("/"))
    names = {2: "half", 4: "quarter"}
    part = names.get(bottom) or ordinal(str(bottom))
    if whole:
        few = f"a {part}" if top == 1 else f"{cardinal(str(top))} {plural(part)}"
        return f"{cardinal(whole[0])} and {few}"
    return f"{cardinal(str(top))} {part if top == 1 else plural(part)}"


def _slashed(match: re.Match[str]) -> str:
    """A fraction if it is less than one and of a usual kind; else "7 out of 13", "24 7"."""
    if any(sign in match.group() for sign in _FRACTIONS):
        return _fraction(match.group())
    top, bottom = (int(part) for part in match.group().replace("-", " ").split()[-1].split("/"))
    if (
        top < bottom
        and bottom in _DENOMINATORS
        and not _SCORE.search(match.string, 0, match.start())
    ):
        return _fraction(match.group())
    link = " " if match.group() in _NAMED else " out of " if top <= bottom else " over "
    return re.sub(
        r"\s?\d+/\d+",
        lambda _: f" {cardinal(str(top))}{link}{cardinal(str(bottom))}",
        match.group(),
    ).strip()


def _dotted(match: re.Match[str]) -> str:
    """Versions and addresses."""
    parts = match["numbers"].split(".")
    link = " dot " if len(parts) > 3 else " point "
    return ("version " if match["version"] else "") + link.join(map(cardinal, parts))


def _feet(match: re.Match[str]) -> str:
    feet = f"{cardinal(match['feet'])} {'foot' if match['feet'] == '1' else 'feet'}"
    return f"{feet} {cardinal(match['inches'])}"


def _apart(match: re.Match[str]) -> str:
    """A number, with a space before letters that follow it: "1080p"."""
    before, after = match.string[: match.start()], match.string[match.end() :]
    return (
        (" " if before[-1:].isalpha() else "")
        + number(match.group())
        + (" " if after[:1].isalpha() else "")
    )


RULES: tuple[Rule, ...] = (
    (
        re.compile(
            rf"(?P<minus>(?<![\w)])[-−])?(?<![\w])(?P<sign>{_MONEY})\s?"
            rf"(?:(?P<low>{NUMBER}) to (?:{_MONEY})?)?"
            rf"(?P<value>{NUMBER}){_SCALE}(?:/(?P<per>{_any(_PER)})\b)?(?!\w|/\d)"
        ),
        _money,
    ),
    (
        re.compile(
            rf"(?P<minus>(?<![\w)])[-−])?(?<![\w.,])(?:(?P<low>{NUMBER}) to )?"
            rf"(?P<value>{NUMBER}){_SCALE}"
            rf"\s?(?P<sign>[€£₩¥]|USD|EUR|GBP|KRW|JPY|CNY|INR)(?:/(?P<per>{_any(_PER)})\b)?(?!\w)"
        ),
        _money,
    ),
    (
        re.compile(
            rf"(?P<value>{_BROKEN})\s?(?P<unit>(?:{_any(_UNITS)})(?:/(?:{_any(_PER)}))?)(?![\w/²³])"
        ),
        _broken_measure,
    ),
    (
        re.compile(
            rf"(?P<value>{_AMOUNT})(?P<gap>[ \u00a0-]?)"
            rf"(?P<unit>(?:{_any(_UNITS)})(?:/(?:{_any(_PER)}))?)(?![\w²³'’]|-\d|/[^\W\d])(?:\.(?=[,;]|\s[a-z]))?"
        ),
        _measure,
    ),
    (
        re.compile(r"(?<![\w.,])(?P<feet>[1-9])['′’]\s?(?P<inches>\d|1[01])(?:[\"″”]|''|(?!\w))"),
        _feet,
    ),
    (re.compile(rf"({_AMOUNT})\s?%"), lambda match: f"{number(match.group(1))} percent"),
    (re.compile(rf"(?<![\w./,]){_BROKEN}(?![\w/]|[.,]\d)"), _slashed),
    (
        re.compile(
            r"(?<![\w.])(?P<version>[vV](?=\d+\.\d))?(?P<numbers>\d+(?:\.\d+){2,}|(?<=[vV])\d+\.\d+)(?![\w]|\.\d)"
        ),
        _dotted,
    ),
    (
        re.compile(r"(?<![\w.])(\d+):(\d+)(?![\w:])"),
        lambda match: f"{cardinal(match[1])} to {cardinal(match[2])}",
    ),
    (re.compile(r"(?<![\w.])([\d,]+)(?:st|nd|rd|th)\b"), lambda match: ordinal(match[1])),
)

PLAIN: tuple[Rule, ...] = (
    (re.compile(rf"(?<![\w.,])({NUMBER})[kK]\b"), lambda match: f"{number(match[1])} thousand"),
    (re.compile(_AMOUNT), _apart),
    (re.compile(r"\d+"), _apart),
)
"""Whatever number is left."""
