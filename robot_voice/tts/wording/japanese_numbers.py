"""Japanese numbers, with the sound changes before what is counted, in katakana. Pure.

The changes are those of the standard language as the accent dictionary of NHK lists them.
"""

from __future__ import annotations

import re

_DIGITS = ("ゼロ", "イチ", "ニ", "サン", "ヨン", "ゴ", "ロク", "ナナ", "ハチ", "キュウ")
_MYRIADS = ("", "マン", "オク", "チョウ")
MOST_DIGITS = 16
"""A longer number has no name here."""

_SHORT = {
    "1": ("イチ",),
    "6": ("ロク",),
    "8": ("ハチ",),
    "0": ("ジュウ",),
    "C": ("ヒャク", "ビャク", "ピャク"),
}
"""Endings that may be cut short: イチ is イッ before ホン."""

_HARD = str.maketrans("ハヒフヘホ", "パピプペポ")
_SOFT = str.maketrans("カキクケコサシスセソハヒフヘホ", "ガギグゲゴザジズゼゾバビブベボ")

_K, _S, _H, _P = "160C8k", "180s", "1608Ch", "1608Cp"
"""Which endings are cut short, and the kind of what follows: ハ row to バ row after サン (h), or to
パ row after サン and ヨン (p)."""

_BY_KIND = {
    _H: "本:ホン 匹:ヒキ 杯:ハイ",
    _P: "分:フン 泊:ハク 発:ハツ",
    _K: (
        "個:コ コ:コ 回:カイ か月:カゲツ ヶ月:カゲツ ヵ月:カゲツ カ月:カゲツ 箇月:カゲツ"
        " ヶ所:カショ か所:カショ カ所:カショ か国:カコク ヶ国:カコク カ国:カコク"
        " 曲:キョク 件:ケン 巻:カン 課:カ 級:キュウ 機:キ 局:キョク ヶ条:カジョウ"
    ),
    _K + "g": "階:カイ 軒:ケン",
    "": (
        "行:ギョウ 枚:マイ 台:ダイ 度:ド 番:バン 号:ゴウ 秒:ビョウ 倍:バイ 名:メイ 羽:ワ"
        " 割:ワリ 年代:ネンダイ 号室:ゴウシツ 号線:ゴウセン 番線:バンセン 番地:バンチ"
        " 次:ジ 位:イ 語:ゴ 問:モン 文字:モジ 段:ダン 畳:ジョウ 代:ダイ 部:ブ 組:クミ"
        " 話:ワ ドル:ドル ユーロ:ユーロ ウォン:ウォン グラム:グラム メートル:メートル"
        " ミリ:ミリ リットル:リットル"
    ),
    "60C": "カロリー:カロリー キロ:キロ クラス:クラス",
    _S: (
        "冊:サツ 歳:サイ 才:サイ 頭:トウ 席:セキ 週間:シュウカン 章:ショウ 種類:シュルイ"
        " 周:シュウ 点:テン 着:チャク 通:ツウ 丁目:チョウメ 世紀:セイキ 社:シャ 節:セツ"
        " 店:テン 等:トウ 隻:セキ センチ:センチ トン:トン ページ:ページ ポイント:ポイント"
        " ポンド:ポンド セット:セット パーセント:パーセント"
    ),
    _S + "g": "足:ソク",
    "y": "円:エン 年:ネン 年生:ネンセイ 年間:ネンカン",
    "t": "時:ジ 時間:ジカン",
    "m": "月:ガツ",
    "n": "人:ニン",
    "d": "日:ニチ 日間:ニチカン",
    "o": "つ:ツ",
}
COUNTERS: dict[str, tuple[str, str]] = {
    counter: (name, kind)
    for kind, entries in _BY_KIND.items()
    for counter, name in (entry.split(":") for entry in entries.split())
}
"""What is counted: its name, and how number and name change one another."""

_LAST = {
    "y": {"ヨン": "ヨ"},
    "t": {"ヨン": "ヨ", "ナナ": "シチ", "キュウ": "ク", "ゼロ": "レイ"},
    "m": {"ヨン": "シ", "ナナ": "シチ", "キュウ": "ク"},
    "n": {"ヨン": "ヨ"},
    "d": {"ナナ": "シチ", "キュウ": "ク"},
}
"""What the last digit is before some counters."""

_DAYS = (
    "",
    "",
    "フツカ",
    "ミッカ",
    "ヨッカ",
    "イツカ",
    "ムイカ",
    "ナノカ",
    "ヨウカ",
    "ココノカ",
    "トオカ",
)
_THINGS = (
    "",
    "ヒトツ",
    "フタツ",
    "ミッツ",
    "ヨッツ",
    "イツツ",
    "ムッツ",
    "ナナツ",
    "ヤッツ",
    "ココノツ",
)
_WHOLE = {
    **{("日", str(day)): name for day, name in enumerate(_DAYS) if name},
    **{("日間", str(day)): f"{name}カン" for day, name in enumerate(_DAYS) if name},
    **{("つ", str(number)): name for number, name in enumerate(_THINGS) if name},
    ("日", "14"): "ジュウヨッカ", ("日", "20"): "ハツカ", ("日", "24"): "ニジュウヨッカ",
    ("日間", "14"): "ジュウヨッカカン", ("日間", "20"): "ハツカカン",
    ("日間", "24"): "ニジュウヨッカカン",
    ("人", "1"): "ヒトリ", ("人", "2"): "フタリ", ("歳", "20"): "ハタチ", ("才", "20"): "ハタチ",
    ("番", "110"): "ヒャクトオバン",
}  # fmt: skip
"""Words that are no number followed by a counter."""


POWERS = {"百": 10**2, "千": 10**3, "万": 10**4, "億": 10**8, "兆": 10**12}
KANJI_DIGITS = "〇一二三四五六七八九"


def value_of(text: str) -> int:
    """A number in digits and kanji, or in either: 1億2000万, 三百二十."""
    total = group = ones = 0
    for run in re.findall(r"\d[\d,]*|.", text):
        if run[0].isdecimal():
            ones = int(run.replace(",", ""))
        elif run in KANJI_DIGITS:
            ones = ones * 10 + KANJI_DIGITS.index(run)
        elif run == "十" or run in "百千":
            group += (ones or 1) * (POWERS.get(run) or 10)
            ones = 0
        else:
            total += ((group + ones) or 1) * POWERS[run]
            group = ones = 0
    return total + group + ones


def digits(text: str) -> str:
    """The digits in ``text`` one by one."""
    return "".join(_DIGITS[int(char)] for char in text if char.isdecimal())


def cardinal(text: str) -> str:
    """ "3600" is サンゼンロッピャク. A number that begins with 0, as codes do, is said digit by
    digit."""
    plain = text.replace(",", "")
    if len(plain) > MOST_DIGITS or (len(plain) > 1 and int(plain[0]) == 0):
        return digits(plain)
    value = int(plain)
    if value == 0:
        return _DIGITS[0]
    words = ""
    for place in range(len(_MYRIADS) - 1, -1, -1):
        group = value // 10000**place % 10000
        if group:
            words += _cut(_group(group), "180" if place == 3 else "") + _MYRIADS[place]
    return words


def number(text: str) -> str:
    """``text`` with digits, a sign before and a fraction after them: 1.5 is イッテンゴ."""
    sign = "マイナス" if text[0] in "-−" else ""
    whole, _, fraction = text.lstrip("-−+").partition(".")
    if not fraction:
        return sign + cardinal(whole)
    start = "レイ" if whole in ("", "0") else _cut(cardinal(whole), "180")
    return f"{sign}{start}テン{digits(fraction)}"


def counted(text: str, counter: str) -> str:
    """A number and what it counts: 3本 is サンボン, 8時 ハチジ, 20歳 ハタチ."""
    if word := _WHOLE.get((counter, text)):
        return word
    return joined(number(text), counter)


def joined(words: str, counter: str) -> str:
    """As ``counted``, for a number in words; also for ナン ("how many")."""
    name, kind = COUNTERS[counter]
    last = kind[-1:]
    for ending, other in _LAST.get(last, {}).items():
        if words.endswith(ending):
            return words[: -len(ending)] + other + name
    cut = _cut(words, kind)
    if cut != words:
        return cut + (name[0].translate(_HARD) + name[1:] if last in ("h", "p") else name)
    soft = name[0].translate(_SOFT) + name[1:]
    if last == "p" and words.endswith("ン"):
        return words + name[0].translate(_HARD) + name[1:]
    if last == "h" and words.endswith(("サン", "セン", "ゼン", "マン", "ナン")):
        return words + soft
    return words + (soft if last == "g" and words.endswith(("サン", "ナン")) else name)


def _cut(words: str, kinds: str) -> str:
    for kind in kinds:
        for ending in _SHORT.get(kind, ()):
            if words.endswith(ending):
                return words[: -len(ending)] + ending[:-1] + "ッ"
    return words


def _group(value: int) -> str:
    """One to four digits."""
    thousands, hundreds, tens, ones = (int(digit) for digit in f"{value:04}")
    words = _power(thousands, "セン", {3: "サンゼン", 8: "ハッセン"})
    words += _power(hundreds, "ヒャク", {3: "サンビャク", 6: "ロッピャク", 8: "ハッピャク"})
    words += _power(tens, "ジュウ", {})
    return words + (_DIGITS[ones] if ones else "")


def _power(digit: int, name: str, changed: dict[int, str]) -> str:
    if digit < 2:
        return name if digit else ""
    return changed.get(digit) or _DIGITS[digit] + name
