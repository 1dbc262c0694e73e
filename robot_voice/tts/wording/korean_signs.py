"""Units, letters, abbreviations and signs as Koreans call them. Pure."""

from __future__ import annotations

import re

from .korean_numbers import digits, sino
from .rules import NUMBER, Rule, table

_UNITS = table(
    "km:킬로미터 ㎞:킬로미터 m:미터 cm:센티미터 ㎝:센티미터 mm:밀리미터 ㎜:밀리미터"
    " μm:마이크로미터 nm:나노미터 kg:킬로그램 ㎏:킬로그램 g:그램 mg:밀리그램 ㎎:밀리그램 t:톤"
    " L:리터 l:리터 ℓ:리터 ml:밀리리터 mL:밀리리터 ㎖:밀리리터 cc:시시 ℃:도 °C:도 °:도"
    " m²:제곱미터 m2:제곱미터 ㎡:제곱미터 cm²:제곱센티미터 km²:제곱킬로미터 ㎢:제곱킬로미터"
    " m³:세제곱미터 ㎥:세제곱미터 GB:기가바이트 MB:메가바이트 KB:킬로바이트 kB:킬로바이트"
    " TB:테라바이트 Mbps:메가비피에스 Gbps:기가비피에스 Hz:헤르츠 kHz:킬로헤르츠 MHz:메가헤르츠"
    " GHz:기가헤르츠 W:와트 kW:킬로와트 kWh:킬로와트시 MW:메가와트 V:볼트 A:암페어 mA:밀리암페어"
    " mAh:밀리암페어시 dB:데시벨 kcal:킬로칼로리 cal:칼로리 Pa:파스칼 hPa:헥토파스칼 rpm:알피엠"
    " bpm:비피엠 ppm:피피엠 fps:에프피에스 px:픽셀 ms:밀리초 s:초 min:분 h:시간 ft:피트 lb:파운드"
    " oz:온스 %p:퍼센트포인트 %:퍼센트 ％:퍼센트 ‰:퍼밀"
)
_BEFORE = {"km/h": ("시속", "킬로미터"), "㎞/h": ("시속", "킬로미터"), "m/s": ("초속", "미터")} | {
    "mph": ("시속", "마일"),
    "℉": ("화씨", "도"),
    "°F": ("화씨", "도"),
}
_MONEY = table("₩:원 ￦:원 $:달러 US$:달러 €:유로 £:파운드 ¥:엔 ￥:엔")
_CENTS = ("$", "US$", "€")
_LETTERS = table(
    "A:에이 B:비 C:씨 D:디 E:이 F:에프 G:지 H:에이치 I:아이 J:제이 K:케이 L:엘 M:엠 N:엔 O:오 P:피"
    " Q:큐 R:알 S:에스 T:티 U:유 V:브이 W:더블유 X:엑스 Y:와이 Z:제트"
)
_WORDS = table(
    "5G:파이브지 4G:포지 3G:쓰리지 2G:투지 4K:포케이 8K:에잇케이 2D:투디 3D:쓰리디 4D:포디"
    " A4:에이포 A3:에이쓰리 MP3:엠피쓰리 MP4:엠피포 H2O:에이치투오 CO2:씨오투 R&D:알앤디"
    " Q&A:큐앤에이 B&B:비앤비 M&A:엠앤에이 A/S:에이에스 NASA:나사 UNESCO:유네스코 FIFA:피파"
    " NATO:나토 ASEAN:아세안 OPEC:오펙 APEC:에이펙 KAIST:카이스트 COVID:코비드 IMAX:아이맥스"
    " USIM:유심 SIM:심 RAM:램 ROM:롬 PIN:핀 LAN:랜 WHO:더블유에이치오 OECD:오이시디"
    " HDMI:에이치디엠아이 OLED:올레드 QLED:큐레드 ChatGPT:챗지피티 IoT:아이오티 PDF:피디에프"
    " Wi-Fi:와이파이 WiFi:와이파이 wifi:와이파이 Wifi:와이파이 WIFI:와이파이 wi-fi:와이파이"
    " ok:오케이 Ok:오케이 tv:티브이 pc:피시 PC:피시 usb:유에스비 vs:대 vs.:대 No.:넘버"
    " km:킬로미터 kg:킬로그램 cm:센티미터 e-mail:이메일 email:이메일 Email:이메일 online:온라인"
    " Kcal:킬로칼로리 YouTube:유튜브 Youtube:유튜브 Google:구글 Samsung:삼성 Bluetooth:블루투스"
    " PM:피엠 MZ:엠지 AM:에이엠"
)
_READABLE = re.compile("(?:[^AEIOUY]{0,2}[AEIOUY])+[^AEIOUY]{0,2}")
_ALWAYS_SPELLED = 3
"""Capitals up to this many are called by their letters; longer ones that could be a word are left
for the voice to read in English."""


def _any(keys: dict[str, str] | dict[str, tuple[str, str]]) -> str:
    return "(?:" + "|".join(sorted(map(re.escape, keys), key=len, reverse=True)) + ")"


def _money(match: re.Match[str]) -> str:
    amounts = (match["low"], match["number"])
    return "에서 ".join(
        _coins(match["sign"], each, match["large"] or "") for each in amounts if each
    )


def _coins(sign: str, number: str, large: str) -> str:
    name = _MONEY[sign]
    whole, _, cents = number.partition(".")
    if sign not in _CENTS or len(cents) != 2 or large:
        return f"{sino(number)}{large} {name}"
    return f"{sino(whole)} {name}" + (f" {sino(str(int(cents)))} 센트" if int(cents) else "")


def _unit_before(match: re.Match[str]) -> str:
    before, after = _BEFORE[match[2]]
    return f"{before} {sino(match[1])} {after}"


def _spelled(match: re.Match[str]) -> str:
    capitals = match.group().upper()
    if len(capitals) > _ALWAYS_SPELLED and _READABLE.fullmatch(capitals):
        return match.group()
    return "".join(_LETTERS[letter] for letter in capitals)


def _dotted(match: re.Match[str]) -> str:
    return "".join(_LETTERS[letter] for letter in match.group() if letter != ".")


def _equals(match: re.Match[str]) -> str:
    """The topic particle, which depends on what the word before ends in."""
    return "은 " if (ord(match[1]) - ord("가")) % 28 else "는 "


def _of(match: re.Match[str]) -> str:
    return f"{sino(match[2])}분의 {sino(match[1])}"


MONEY: tuple[Rule, ...] = (
    (
        re.compile(
            rf"(?P<sign>{_any(_MONEY)}) ?(?:(?P<low>{NUMBER}) ?[~∼〜～–-] ?(?P=sign)?)?"
            rf"(?P<number>{NUMBER}) ?(?P<large>천만|천|백만|만|억|조)?"
        ),
        _money,
    ),
    (re.compile(r"(?<![\d.,])1(?=[천만](?!큼)|백(?![가-힣])|백만)"), ""),
    (
        re.compile(rf"({NUMBER}) ?(?=(?:백|천|십)?[만억조]|[백천](?:원|명|개|\b| ))"),
        lambda match: sino(match[1]),
    ),
)
"""Amounts, and numbers whose end is in words: ₩5,000, $3.50, 3만 5천."""

FRACTIONS: tuple[Rule, ...] = (
    (re.compile(r"(?<![\d/])24/7(?![\d/])"), "이십사 시간 칠일"),
    (re.compile(r"(?<![\d/])(\d{1,3})/(\d{1,4})(?![\d/])"), _of),
    (re.compile("½"), "이분의 일"),
    (re.compile("¼"), "사분의 일"),
    (re.compile("¾"), "사분의 삼"),
)

UNITS: tuple[Rule, ...] = (
    (re.compile(rf"(?<![\w가-힣)\].])[-−](?=(?:{NUMBER}) ?(?:도|℃|°))"), "영하 "),
    (re.compile(r"(?<![\w가-힣)\].])[-−](?=\d)"), "마이너스 "),
    (re.compile(rf"({NUMBER}) ?({_any(_BEFORE)})(?![A-Za-z])"), _unit_before),
    (re.compile(r"(?<![A-Za-z0-9])(?:5G|4G|3G|2G)(?![A-Za-z0-9])"), lambda m: _WORDS[m.group()]),
    (
        re.compile(rf"({NUMBER}) ?({_any(_UNITS)})(?![A-Za-z0-9])"),
        lambda match: f"{sino(match[1])} {_UNITS[match[2]]}",
    ),
)
"""Numbers with a sign for what they measure."""

LETTERS: tuple[Rule, ...] = (
    (
        re.compile(rf"(?<![A-Za-z0-9])({_any(_WORDS)})(?![A-Za-z0-9&])"),
        lambda match: _WORDS[match[1]],
    ),
    (re.compile(r"(?<=코로나)-?19"), "일구"),
    (re.compile(r"(?<=[A-Z])-(?=[가-힣])"), ""),
    (re.compile(r"(?<=[A-Za-z가-힣])-(?=\d)"), " "),
    (re.compile(r"(?<![A-Za-z.])(?:[A-Z]\.){2,}"), _dotted),
    (re.compile(r"(?<=[A-Z]) ?& ?(?=[A-Z])"), "앤"),
    (re.compile(r"(?<=[A-D])\+(?!\d)"), " 플러스"),
    (re.compile(r"(?<![A-Za-z'’.&-])(?<![A-Za-z] )[A-Z]{1,6}(?![A-Za-z'’&]| [a-z])"), _spelled),
    (re.compile(r"(?<![A-Za-z0-9'’.-])(?<![A-Za-z] )[a-z](?![A-Za-z'’.-]| [A-Za-z])"), _spelled),
)
"""Abbreviations and single letters. Other Latin words stay: espeak-ng reads them in English."""

SUMS: tuple[Rule, ...] = (
    (re.compile(r"(?<=\d) ?\+ ?(?=\d)"), " 더하기 "),
    (re.compile(r"(?<=\d) ?−(?: |(?=\d))|(?<=\d) - (?=\d)|(?<=\d)-(?=\d+ ?=)"), " 빼기 "),
    (re.compile(r"(?<=\d)-(?=\d{1,3}로 ?(?:이[겼기긴]|승|졌|지|앞|끝))"), " 대 "),
    (re.compile(r"(?<=\d) ?[×xX] ?(?=\d)"), " 곱하기 "),
    (re.compile(r"(?<=\d) ?÷ ?(?=\d)"), " 나누기 "),
    (re.compile(r"(?<=\d)\+"), " 이상"),
)

SIGNS: tuple[Rule, ...] = (
    (re.compile(r"(?<=([가-힣])) ?= ?"), _equals),
    (re.compile(r" ?= ?"), " 이퀄 "),
    (re.compile(r" ?& ?"), " 그리고 "),
    (re.compile(r"(?<=[가-힣]) ?\+ ?(?=[가-힣])"), " 더하기 "),
    (re.compile(r"\+"), " 플러스 "),
    (re.compile(r"±"), "플러스마이너스 "),
    (re.compile(r"@"), " 골뱅이 "),
    (re.compile(r"#(?=[\w가-힣])"), "해시태그 "),
    (re.compile(r"[%％]"), "퍼센트"),
    (re.compile(_any(_MONEY)), lambda match: _MONEY[match.group()]),
    (re.compile(r"(?<=[가-힣]) ?[~∼〜～] ?(?=[가-힣])"), "에서 "),
    (re.compile(r"[~∼〜～]+"), ""),
    (re.compile(r"[→·ㆍ‧/]+"), " "),
    (re.compile(r"(?<=[가-힣]) {2,}"), " "),
)
"""Signs that would be called by English names, or not at all."""

_LAUGHS = str.maketrans("ㅋㅎ", "크하")
LAUGHS: Rule = (re.compile("[ㅋㅎ]{2,}"), lambda match: match.group().translate(_LAUGHS))
CIRCLED: Rule = (re.compile("[①-⑳]"), lambda match: sino(str(ord(match.group()) - ord("①") + 1)))
HASH: Rule = (re.compile(r"#(\d+)"), lambda match: f"샵 {digits(match[1])}")
