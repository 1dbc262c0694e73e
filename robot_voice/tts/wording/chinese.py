"""Mandarin as it is said: numbers, dates, money, measures, signs. Pure.

espeak-ng 1.51 reads digits in tens of thousands, but knows neither 两 nor dates, prices or ratios.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from robot_voice.traced import Traced

from .chinese_numbers import cardinal, counted, digits, number
from .rules import Rule, Span, apply, dictated, only, phones, table

_NUMBER = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?"
_LEFT = r"(?<![\d.,A-Za-z])"
_UNITS = table(
    "km:公里 m:米 cm:厘米 mm:毫米 μm:微米 nm:纳米 kg:公斤 g:克 mg:毫克 t:吨 L:升 l:升"
    " ml:毫升 mL:毫升 °C:摄氏度 ℃:摄氏度 °F:华氏度 ℉:华氏度 °:度 km/h:公里每小时"
    " m/s:米每秒 mph:英里每小时 Hz:赫兹 kHz:千赫 MHz:兆赫 GHz:吉赫 W:瓦 kW:千瓦"
    " kWh:千瓦时 V:伏 mA:毫安 mAh:毫安时 m²:平方米 km²:平方公里 cm²:平方厘米 m³:立方米"
    " h:小时 min:分钟 s:秒 ms:毫秒 ft:英尺 lb:磅 oz:盎司 cal:卡 kcal:千卡 dB:分贝"
    " rpm:转每分 mi:英里 Pa:帕 kPa:千帕 hPa:百帕 N:牛 J:焦 kJ:千焦"
)
_UNIT = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
_MONEY = table(
    "¥:元 ￥:元 CN¥:元 RMB:元 CNY:元 $:美元 US$:美元 USD:美元 €:欧元 EUR:欧元 £:英镑"
    " GBP:英镑 ₩:韩元 KRW:韩元 HK$:港元 JPY:日元"
)
_SIGN = "|".join(sorted(map(re.escape, _MONEY), key=len, reverse=True))
_COUNTERS = (
    "个只条本张件位名口头匹辆台架艘座间家所棵朵把支枝根块片颗粒滴瓶杯碗盘盒包袋箱双对副套组群排"
    "天周岁次遍趟场倍种样点元人米升克斤吨秒步句首部册篇页封份门节课顿招"
)
_LONG_COUNTERS = (
    "小时|分钟|星期|公里|公斤|厘米|毫米|毫升|平方|立方|英里|英尺|英镑|美元|欧元|百|千|万|亿"
)
_FEW = rf"(?:[{_COUNTERS}]|{_LONG_COUNTERS}|分(?!之)|年(?!级)|到\d+(?:个|天|次|小时|分钟|年))"
_TO = r"(?:[-~]|\s?[–—～]\s?|到)"

_NAMES = [*(digits(str(digit), "幺") for digit in range(10)), "加"]
_HELP = re.compile("报警|急救|火警|热线|求助|危机|援助|救护|电话|拨")
_SERVICES = re.compile(
    r"(?<![\d.,])(?:(11\d|12[02]|1235[56]|911|988|999)(?![\d.,%℃°A-Za-z一-鿿])"
    r"|(110|119|120|911|988)(?=[是或和报求急]))"
)
"""The numbers of services, where help is spoken of, and not of 119 people."""

_SAID_SINGLY = (
    re.compile(
        r"(?:(?:拨打?|打|致电|呼叫)(?:了|急救|报警|热线)?(?:电话|号码)?|(?:电话|热线|号码|客服)(?:号码)?(?:是|为)?)"
        r"[\s:：]?(\d{3,})(?:\s?[或和、/]\s?(\d{3,}))?"
        r"(?=$|[^\d.%％:℃°A-Za-z一-鿿]|[报急或和求叫吧的就来可能]|\.(?!\d))"
    ),
    re.compile(
        r"(?:验证码|密码|QQ号?|微信号?|编号|学号|账号|邮编|房号|车牌)(?:是|为)?[\s:：]?(\d{3,})"
    ),
    re.compile(r"(?<![\d.,])(1[3-9]\d{9})(?!\d)"),
    re.compile(r"(?<![\d.,第])(\d{3,4})(?=室|号?房(?!间的)|教室)"),
)
"""Numbers that are names: of a telephone, a secret, a mobile telephone, a room."""


def _money(match: re.Match[str]) -> str:
    value, scale = match["value"], match["scale"] or ""
    name = _MONEY[match["sign"]]
    sign = "负" if match["minus"] else ""
    if match["low"]:
        return f"{sign}{number(match['low'])}到{number(value)}{scale}{name}"
    whole, _, cents = value.partition(".")
    if name != "元" or scale or len(cents) != 2:
        return f"{sign}{counted(value)}{scale}{name}"
    return sign + _coins(whole, cents)


def _coins(whole: str, cents: str) -> str:
    """3.50 is 三元五角, 2.09 两元零九分."""
    words = f"{counted(whole)}元" if whole.strip("0") else ""
    if cents[0] != "0":
        words += f"{counted(cents[0])}角"
    if cents[1] != "0":
        zero = "零" if words and cents[0] == "0" else ""
        words += f"{zero}{counted(cents[1])}分"
    return words or "零元"


def _yuan(match: re.Match[str]) -> str:
    return _coins(match["whole"], match["cents"])


def _measure(match: re.Match[str]) -> str:
    unit = _UNITS[match["unit"]]
    low = f"{_degrees(match['low'], unit)}到" if match["low"] else ""
    return low + _degrees(match["value"], unit) + unit


def _degrees(value: str, unit: str) -> str:
    """Cold is below zero, anything else less than nothing; 2 degrees are 二, 2 of all else 两."""
    if not unit.endswith("度"):
        return counted(value)
    return f"零下{number(value[1:])}" if value[0] in "-−" else number(value)


def _percent(match: re.Match[str]) -> str:
    whole = "千" if match["sign"] == "‰" else "百"
    low = f"{number(match['low'])}到" if match["low"] else ""
    return f"{'负' if match['minus'] else ''}{whole}分之{low}{number(match['value'])}"


def _date(match: re.Match[str]) -> str:
    year = digits(match["year"])
    return f"{year}年{cardinal(str(int(match['month'])))}月{cardinal(str(int(match['day'])))}日"


def _clock(match: re.Match[str]) -> str:
    hour, minute, second = match["hour"], match["minute"], match["second"]
    words = f"{counted(str(int(hour)))}点"
    if minute != "00" or second:
        words += f"{cardinal(minute) if minute != '00' else '零'}分"
    return words + (f"{cardinal(second)}秒" if second else "")


def _fraction(match: re.Match[str]) -> str:
    if match.group() == "24/7":
        return "二十四七"
    whole = f"{cardinal(match['whole'])}又" if match["whole"] else ""
    if int(match["top"]) >= int(match["bottom"]):  # blood pressure and the like
        return f"{whole}{cardinal(match['top'])}、{cardinal(match['bottom'])}"
    return f"{whole}{cardinal(match['bottom'])}分之{cardinal(match['top'])}"


def _mixed(match: re.Match[str]) -> str:
    """ "CO2" is C O 二."""
    return " ".join(
        cardinal(part) if part.isdecimal() else " ".join(part.upper())
        for part in re.findall(r"\d+|[A-Za-z]+", match.group())
    )


def _address(match: re.Match[str]) -> str:
    names = {"@": " 艾特 ", ".": " 点 ", "_": " 下划线 ", "-": " 杠 "}
    return re.sub(r"[@._-]", lambda mark: names[mark.group()], match.group())


_LOW = rf"(?:(?P<low>{_NUMBER}){_TO})?"
_MINUS = r"(?P<minus>(?<![A-Za-z\d)）.])[-−])?"
_SIGNED = rf"(?:(?<![A-Za-z\d)）.])[-−])?{_LEFT}{_NUMBER}"

_DATES: tuple[Rule, ...] = (
    (
        re.compile(
            r"(?<![\d-])(?P<year>[12]\d{3})(?P<mark>[-/.])(?P<month>1[0-2]|0?[1-9])(?P=mark)"
            r"(?P<day>[12]\d|3[01]|0?[1-9])(?![\d-])"
        ),
        _date,
    ),
)
_SCORES: tuple[Rule, ...] = (
    (
        re.compile(
            r"(?<=[以胜负输赢分战平])\s?(\d{1,3})[-–](\d{1,3})(?!\d)"
            r"|(?<!\d)(\d{1,3})[-–](\d{1,3})(?=\s?(?:获胜|战胜|击败|领先|落后|战平|取胜))"
        ),
        lambda match: f"{cardinal(match[1] or match[3])}比{cardinal(match[2] or match[4])}",
    ),
)
_RULES: tuple[Rule, ...] = (
    (re.compile(r"\b[Cc]\+\+"), "C 加加"),
    (re.compile(r"(?<![A-Za-z\d)）.])[-−](?=\d+(?:\.\d+)?度)"), "零下"),
    (re.compile(r"(?<![\w.-])[\w.-]+@[\w-]+(?:\.[\w-]+)+"), _address),
    (re.compile(r"(?<!\d)([12]\d{3})(?=到[12]\d{3}年)"), lambda match: digits(match[1])),
    (
        re.compile(r"(?<!\d)([12]\d{3})(?=\s?(?:年(?![间级])|学年|年代))"),
        lambda match: digits(match[1]),
    ),
    (
        re.compile(r"(?<!\d)(\d0)(?=年代|后)"),
        lambda match: digits(match[1]) if match[1] != "10" else "一零",
    ),
    (
        re.compile(
            r"(?<![\d:：.])(?P<hour>[01]?\d|2[0-4])[:：](?P<minute>[0-5]\d)(?:[:：](?P<second>[0-5]\d))?(?![\d:：])"
        ),
        _clock,
    ),
    (
        re.compile(r"(?<=[点时])(0?)(\d)(?=分)"),
        lambda match: f"{'零' if match[1] else ''}{cardinal(match[2])}",
    ),
    (
        re.compile(
            rf"{_MINUS}(?P<sign>{_SIGN})\s?{_LOW}(?:(?:{_SIGN})\s?)?(?P<value>{_NUMBER})(?P<scale>[百千万亿]+)?"
        ),
        _money,
    ),
    (
        re.compile(
            rf"{_MINUS}{_LEFT}{_LOW}(?P<value>{_NUMBER})(?P<scale>[百千万亿]+)?\s?(?P<sign>{_SIGN})(?![A-Za-z])"
        ),
        _money,
    ),
    (re.compile(rf"{_LEFT}(?P<whole>\d+)\.(?P<cents>\d\d)元"), _yuan),
    (
        re.compile(
            rf"(?:(?P<low>{_SIGNED}){_TO})?(?P<value>{_SIGNED})\s?(?P<unit>{_UNIT})(?![A-Za-z/²³])"
        ),
        _measure,
    ),
    (
        re.compile(
            rf"{_MINUS}{_LEFT}(?:(?P<low>{_NUMBER})[%％]?{_TO})?(?P<value>{_NUMBER})\s?(?P<sign>[%％‰])"
        ),
        _percent,
    ),
    (
        re.compile(
            rf"{_LEFT}(?:(?P<whole>\d+)[ 又])?(?P<top>\d{{1,9}})/(?P<bottom>\d{{1,9}})(?![\d/])"
        ),
        _fraction,
    ),
    (
        re.compile(rf"{_LEFT}(\d+)\s?[:：]\s?(\d+)(?![\d:：])"),
        lambda match: f"{cardinal(match[1])}比{cardinal(match[2])}",
    ),
)
_SIGNS: tuple[Rule, ...] = (
    (re.compile(r"(?<=\d)\s?[*×x]\s?(?=\d)"), "乘以"),
    (re.compile(r"(?<=\d)\s?÷\s?(?=\d)"), "除以"),
    (re.compile(r"(?<=[\w)）])\s?[+＋]\s?(?=\w)"), "加"),
    (re.compile(r"(?<=[\w)）])\s?[=＝]\s?(?=[\w-])"), "等于"),
    (re.compile(r"(?<=\w)\s?>\s?(?=\d)"), "大于"),
    (re.compile(r"(?<=\w)\s?<\s?(?=\d)"), "小于"),
    (re.compile(r"[~～≈](?=\d)"), "约"),
    (re.compile(r"\bNo\.\s?(?=\d)"), "第"),
    (re.compile(r"#(?=\d)"), "第"),
    (re.compile(r"\s?@\s?(?=\w)"), " 艾特 "),
    (re.compile(r"\s?&\s?"), "和"),
    (re.compile(r"(?<=\w)[+＋](?!\w)"), "加"),
)
_PLAIN: tuple[Rule, ...] = (
    (
        re.compile(
            r"(?<![A-Za-z\d])(?:[A-Za-z]{1,5}-?\d{1,3}[A-Za-z]?|\d{1,3}[A-Z]{1,3})(?![A-Za-z\d.])"
        ),
        _mixed,
    ),
    (
        re.compile(r"(?<![\d.第])(\d+(?:\.\d+){2,})(?!\d)"),
        lambda match: "点".join(map(cardinal, match[1].split("."))),
    ),
    (re.compile(rf"(?<![\d.,第])2(?={_FEW})"), "两"),
    (re.compile(rf"(?:(?<![A-Za-z\d)）.])[-−])?{_NUMBER}"), lambda match: number(match.group())),
    (
        re.compile(r"(?<![A-Za-z])(?!NASA|NATO)[A-Z]{2,5}(?![A-Za-z])"),
        lambda match: " ".join(match.group()),
    ),
    (re.compile(r"[%％]"), "百分"),
)
_SUBTRACT = re.compile(r"(?<=\d)(\s?[-−]\s?)(?=[\d.,]+\s?[=＝等])|(?<=\d)(\s[-−]\s)(?=\d)")
_RANGE = re.compile(rf"\d(?:[年月日号点时分秒元块岁个天])?({_TO})(?=[-−]?\d)")


def read(text: Traced) -> Traced:
    """``text`` with every number and sign in characters. Acronyms are spaced: voices read "AI" as
    if it were pinyin."""
    text = apply(text, _DATES)
    text = dictated(text, [*phones(text.text), *_codes(text.text)], _NAMES, "，")
    text = only(apply(text, _SCORES), _SUBTRACT, "减")
    text = only(text, _RANGE, "到")
    for rules in (_RULES, _SIGNS, _PLAIN):
        text = apply(text, rules)
    return text


def _codes(text: str) -> Iterator[Span]:
    """Where the numbers stand that are said digit by digit."""
    for pattern in (*_SAID_SINGLY, *([_SERVICES] if _HELP.search(text) else [])):
        for match in pattern.finditer(text):
            yield from (span for span in match.regs[1:] if span[0] >= 0)
