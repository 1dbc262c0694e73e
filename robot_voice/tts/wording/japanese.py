"""Japanese as it is said: numbers, counters, dates, money, measures, signs. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from robot_voice.traced import Traced

from . import japanese_kana
from .japanese_numbers import (
    COUNTERS,
    MOST_DIGITS,
    POWERS,
    cardinal,
    counted,
    digits,
    joined,
    number,
    value_of,
)
from .rules import NUMBER, Rule, Span, apply, dictated, only, phones, table

_UNITS = table(
    "km:キロメートル m:メートル cm:センチ mm:ミリ μm:マイクロメートル kg:キログラム"
    " g:グラム mg:ミリグラム t:トン L:リットル l:リットル ml:ミリリットル mL:ミリリットル"
    " dl:デシリットル ℃:ド °C:ド °:ド Hz:ヘルツ kHz:キロヘルツ MHz:メガヘルツ"
    " GHz:ギガヘルツ W:ワット kW:キロワット kWh:キロワットジ V:ボルト mA:ミリアンペア"
    " mAh:ミリアンペアジ KB:キロバイト MB:メガバイト GB:ギガバイト TB:テラバイト"
    " m²:ヘイホウメートル ㎡:ヘイホウメートル km²:ヘイホウキロメートル"
    " m³:リッポウメートル cal:カロリー kcal:キロカロリー dB:デシベル mph:マイルマイジ"
    " ft:フィート lb:ポンド oz:オンス hPa:ヘクトパスカル ms:ミリビョウ s:ビョウ"
    " rpm:カイテンマイフン fps:フレームマイビョウ %:パーセント ％:パーセント"
)
_SPEEDS = {
    "km/h": ("ジソク", "キロメートル"),
    "m/s": ("ビョウソク", "メートル"),
    "°F": ("カシ", "ド"),
    "℉": ("カシ", "ド"),
}
_COUNTED_UNITS = {"h": "時間", "min": "分"}
_MONEY = table(
    "¥:円 ￥:円 JPY:円 $:ドル US$:ドル USD:ドル €:ユーロ EUR:ユーロ £:ポンド GBP:ポンド"
    " ₩:ウォン KRW:ウォン"
)


def _any(names: dict[str, object]) -> str:
    return "|".join(sorted(map(re.escape, names), key=len, reverse=True))


_UNIT = _any({**_UNITS, **_SPEEDS, **_COUNTED_UNITS})
_SIGN = _any({**_MONEY})
_COUNTER = _any({**COUNTERS})
_SCALE = r"[百千万億兆]{1,4}"
_MYRIAD = rf"(?P<scale>(?:{_SCALE}(?:\d[\d,]{{0,5}}{_SCALE}){{0,4}}(?:\d[\d,]{{0,5}}(?!\d))?)?)"
_LATIN = re.compile(r"[A-Za-z]")
_LEFT = r"(?<![\d.,])"
_MINUS = r"(?P<minus>(?<![A-Za-z\d)）.])[-−])?"
_AMOUNT = rf"{_MINUS}{_LEFT}(?P<value>{NUMBER}){_MYRIAD}"
_NAMES = [*(digits(str(digit)) for digit in range(10)), "プラス"]
_HELP = re.compile("警察|救急|消防|火事|緊急|相談|電話|通報")
_SERVICES = re.compile(
    r"(?<![\d.,:])(11\d|1[78]\d|911|988|999|(?<=[#♯])\d{4})(?=[でにへとかはや、。！？）」\s]|$)"
)
"""The numbers of services, where help is spoken of."""

_CALLED = re.compile(
    r"(?:電話|番号|ダイヤル|通報|コード|暗証)[^\d。、！？]{0,6}?(\d{3,})(?![\d.,:円個人回分番歳年月日時本枚台階])"
)


def _plain(match: re.Match[str]) -> str:
    """The number, as digits where it has a scale of its own and no fraction."""
    value, scale = match["value"], match["scale"]
    plain = "." in value or not scale or len(value) > MOST_DIGITS
    return value if plain else str(value_of(value + scale))


def _scaled(match: re.Match[str]) -> str:
    """The name of 万 and the like, or the number before it."""
    if match.group() in POWERS:
        return cardinal(str(POWERS[match.group()])).removeprefix("イチ").removeprefix("イッ")
    return cardinal(match.group())


def _words(match: re.Match[str], counter: str = "") -> str:
    """The whole amount in words."""
    value, scale = match["value"], match["scale"]
    if "." in value and scale:
        words = number(value) + re.sub(r"\d[\d,]*|.", _scaled, scale)
        return joined(words, counter) if counter else words
    plain = _plain(match).replace(",", "")
    return counted(plain, counter) if counter else number(plain)


def _alone(match: re.Match[str]) -> str:
    """A number that counts nothing."""
    return _apart(match, ("マイナス" if match["minus"] else "") + _words(match))


def _apart(match: re.Match[str], words: str) -> str:
    """``words`` with a space between them and Latin letters beside the match: "CO2"."""
    before, after = match.string[: match.start()], match.string[match.end() :]
    start = " " if _LATIN.search(before[-1:]) else ""
    return f"{start}{words} " if _LATIN.match(after) else start + words


def _money(match: re.Match[str]) -> str:
    sign = "マイナス" if match["minus"] else ""
    return sign + _words(match, _MONEY[match["sign"]])


def _measure(match: re.Match[str]) -> str:
    unit = match["unit"]
    below = "マイナス" if match["minus"] else ""
    if unit in _COUNTED_UNITS:
        return below + _words(match, _COUNTED_UNITS[unit])
    before, name = _SPEEDS.get(unit) or ("", _UNITS[unit])
    if match.string[: match.start()].endswith("速"):  # 時速60km/h
        before = ""
    for start in ("キロ", "センチ", "トン", "パーセント", "カロリー", "ポンド"):
        if name.startswith(start):
            return before + below + _words(match, start) + name[len(start) :]
    return before + below + _words(match) + name


def _count(match: re.Match[str]) -> str:
    """ "第3回目" and the like."""
    below = "マイナス" if match["minus"] else ""
    words = _words(match, match["counter"])
    after = {"半": "ハン", "目": "メ", "間": "カン"}.get(match["after"] or "", "")
    return ("ダイ" if match["nth"] else "") + below + words + after


def _date(match: re.Match[str]) -> str:
    words = f"{counted(match['year'], '年')}{counted(str(int(match['month'])), '月')}"
    return words + _day(match["day"])


def _day(day: str) -> str:
    return "ツイタチ" if int(day) == 1 else counted(str(int(day)), "日")


def _clock(match: re.Match[str]) -> str:
    words = counted(str(int(match["hour"])), "時")
    if match["minute"] != "00" or match["second"]:
        words += counted(str(int(match["minute"])), "分")
    return words + (counted(str(int(match["second"])), "秒") if match["second"] else "")


def _address(match: re.Match[str]) -> str:
    names = {"@": " アットマーク ", ".": " ドット ", "_": " アンダーバー ", "-": " ハイフン "}
    return re.sub(r"[@._-]", lambda mark: names[mark.group()], match.group())


def _versus(match: re.Match[str]) -> str:
    return f"{cardinal(match[1])}タイ{cardinal(match[2])}"


_DATES: tuple[Rule, ...] = (
    (
        re.compile(
            r"(?<![\d-])(?P<year>[12]\d{3})(?P<mark>[-/.])(?P<month>1[0-2]|0?[1-9])(?P=mark)"
            r"(?P<day>[12]\d|3[01]|0?[1-9])(?![\d-])"
        ),
        _date,
    ),
    (re.compile(r"(?<![\w.-])[A-Za-z0-9_][\w.-]*@[\w-]+(?:\.[\w-]+)+"), _address),
)
_RULES: tuple[Rule, ...] = (
    (re.compile(r"[~～〜≈](?=\d)"), "ヤク"),
    (re.compile(r"(?:\bNo\.|#)\s?(?=\d)"), "ナンバー"),
    (re.compile("#(?=[ァ-ヴ])"), "シャープ"),
    (re.compile(r"(?<![\w)）])\+(?=\d)"), "プラス"),
    (re.compile(r"\b[Cc]\+\+"), "シープラスプラス"),
    (
        re.compile(
            r"(?<![\d:：.])(?P<hour>[01]?\d|2[0-4])[:：](?P<minute>[0-5]\d)(?:[:：](?P<second>[0-5]\d))?(?![\d:：])"
        ),
        _clock,
    ),
    (re.compile(r"(?<=月)0?1日"), "ツイタチ"),
    (re.compile(r"(?<![\d.])0(?=\d[月日時分秒])"), ""),
    (re.compile(rf"{_MINUS}(?P<sign>{_SIGN})\s?(?P<value>{NUMBER}){_MYRIAD}"), _money),
    (re.compile(rf"{_AMOUNT}\s?(?P<sign>{_SIGN})(?![A-Za-z])"), _money),
    (
        re.compile(rf"{_LEFT}(\d+)分の(\d+)"),
        lambda match: f"{cardinal(match[1])}ブンノ{cardinal(match[2])}",
    ),
    (
        re.compile(rf"{_LEFT}(\d+)/(\d+)(?![\d/])"),
        lambda match: f"{cardinal(match[2])}ブンノ{cardinal(match[1])}",
    ),
    (
        re.compile(rf"{_LEFT}(\d+)\s?(?:[:：対]|(?<=\d)[-–](?=\d+で?[勝負]))\s?(\d+)(?![\d:：])"),
        _versus,
    ),
    (re.compile(rf"{_AMOUNT}\s?(?P<unit>{_UNIT})(?![A-Za-z/²³])"), _measure),
    (
        re.compile(rf"(?P<nth>第)?{_AMOUNT}\s?(?P<counter>{_COUNTER})(?P<after>半|目|間)?"),
        _count,
    ),
)
_SIGNS: tuple[Rule, ...] = (
    (re.compile(r"(?<=\d)\s?[*×x]\s?(?=\d)"), "カケル"),
    (re.compile(r"(?<=\d)\s?÷\s?(?=\d)"), "ワル"),
    (re.compile(r"(?<=[\w)）])\s?[+＋]\s?(?=\w)"), "プラス"),
    (re.compile(r"(?<=[\w)）])\s?[=＝]\s?(?=[\w-])"), "イコール"),
    (re.compile(r"\s?[&＆]\s?"), "アンド"),
    (re.compile(r"(?<=[A-Za-z])-(?=\d)"), " "),
    (
        re.compile(rf"第?({_LEFT}\d+(?:\.\d+){{2,}})(?!\d)"),
        lambda match: "テン".join(map(cardinal, match[1].split("."))),
    ),
    (re.compile(r"第(?=\d)"), "ダイ"),
    (re.compile(_AMOUNT), _alone),
    (re.compile(r"\d+"), lambda match: _apart(match, cardinal(match.group()))),
    (re.compile(r"[%％]"), "パーセント"),
)
_SUBTRACT = re.compile(r"(?<=\d)(\s?[-−]\s?)(?=[\d.,]+\s?[=＝])|(?<=\d)(\s[-−]\s)(?=\d)")
_RANGE = re.compile(
    r"\d(?:[年月日時分秒円歳個人本枚回階度名話章]|%|％|℃|か月|時間|ページ)?([-~]|\s?[–—～〜]\s?)(?=[$¥€£₩]?\d)(?!\d+で?[勝負])"
)


def read(text: Traced) -> Traced:
    """``text`` with every number and sign in katakana, and, if the extra ``ja`` is installed, with
    every word in kana. Numbers come first, so that the dictionary sees where they end."""
    text = apply(text, _DATES)
    text = dictated(text, [*phones(text.text), *_called(text.text)], _NAMES, "、")
    text = only(text, _SUBTRACT, "ヒク")
    text = only(text, _RANGE, "カラ")
    return japanese_kana.respell(apply(apply(text, _RULES), _SIGNS))


def _called(text: str) -> Iterator[Span]:
    yield from (match.span(1) for match in _CALLED.finditer(text))
    if _HELP.search(text):
        yield from (match.span(1) for match in _SERVICES.finditer(text))
