"""Is a sentence spoken in the style that was asked for? Pure.

Korean tells its speech level by the last word of a sentence. The checker knows the three levels the
robot speaks, after the traditional six of Korean grammar: 합쇼체, 해요체, and 반말 for 해체 and
해라체 together. 하오체 and 하게체, which nobody sets, give None; so does 한다체 (written style, and
what one says to oneself), unless its sentence speaks to someone as 너.

It accuses only where the ending cannot be anything else: a robot that asks its model again for a
sentence that was right is slow for nothing. Endings that are also nouns or connectives ("필요",
"모자", "좋은데") tell nothing.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal, TypeAlias

from robot_voice.config import ToneConfig

from .templates import KoreanLevel

StyleFault: TypeAlias = Literal["", "level", "length", "formal", "casual"]
"""What is wrong; empty: nothing."""

_SECONDS = (9, 12, 15, 18, 22)
"""How long a sentence may take to say, for detail 1 to 5. Two clauses, which listeners hold in
mind without effort, take 6 to 9 s; assistants' sentences of `sgd_system` keep to 12 s (.1 % are
longer); a full explanation may ask for twice that."""
_CHARS_PER_SECOND = {"ko": 6.5, "ja": 6.5, "zh": 4.5}
_ALPHABETIC_CHARS_PER_SECOND = 15.0
"""Characters with spaces in a second: 165 words a minute (``TtsConfig.rate``) of 5.5 characters;
in Korean about 5 syllables and a space or two."""

_SENTENCE = re.compile(r"[^.!?…。！？]+[.!?…。！？]*[^\w.!?…。！？]*")
_OPEN = "\"'”’」』»,:;"
"""After these a sentence is somebody else's, or not at its end."""

# --- the last word of a Korean sentence ----------------------------------------

_FORMAL = re.compile(r"(?:니다만?|니까|시다)$")
_FORMAL_ORDER = re.compile(r"십시[오요]$")
_GREETING = re.compile(r"안녕(?:하십니까|하세요|히 [가-힣 ]+)$")

_POLITE = re.compile(r"(?:[요죠]|[해네세예에어아지여까워]용)$")

_PLAIN_ENDINGS = (
    # -어, -아 and what they contract to
    "[먹들울웃열벌풀줄늘멀길물얻맞작같남잡참막깎녹입씹접뽑집씻벗잊찢맺붙맡덮갚싶읽찾받믿걸높낮깊넓"
    "좁짧굵밝맑닮젊굶밟얇말죽썩숨넘담심감]어",
    "[놀알살달날맞작같남잡참막닦깎앉찾받높낮좁밝맑닮얇말감담갚맡안]아",
    "[봐줘돼둬놔춰펴켜쳐져꿔눠뤄궈]",
    "[막잡밝닫적익뽑딪맞]혀",
    "[보붙먹높모쌓직속줄끓섞]여",
    "(?<![배격고염우심독장미수화])려",
    "(?:[계으하가오보드주시되])셔",
    "[예이기]뻐|[바나]빠|[아고]파|슬퍼|비싸|[몰골달올빨놀]라|[불눌흘둘굴]러",
    "[힘끝보꺼혼화]내|(?:일어|[끝신화혼])나|어때|왜 ?그래|잘 자",
    "(?:들어|올라|내려|돌아|걸어|뛰어|찾아|다녀|가져|데려|따라|도|(?:^| )나)와",
    "(?:들어|올라|내려|돌아|걸어|뛰어|따라|찾아|넘어|건너|가져)가",
    # what only friends end a sentence with
    "잖아|거든|겠다|[단란]다|더라고?|구만|[^케]냐|아니지|[가-힣]하지|[되알맞같싶르쁘프맙춥덥쉽렵엽]지",
    "[는하로르프쁘크같맞싶답렵쉽엽덥춥롭맙시되이]구나",
    "[하는렇같맞되르프쁘롭렵엽이]군",
    "[하되크쁘프르같맞싶춥덥쉽렵엽답롭맙겁]네|(?:[아어여해]지|들리|보이|아나)네",
    # orders and proposals
    "지 ?마라?|[하보가오주되으]렴|려무나",
    "(?:해|[먹들찾읽앉울웃]어|[앉찾놀알닫받잡참막]아|봐|줘|려|져|켜|둬|써)라",
    "(?:[하가보먹놀쉬웃찾읽듣걷앉있믿르두]|만들|기다리|나누|배우|마시|부르|만나|일어나|고치|끝내|달리)자",
)
_PLAIN = re.compile(rf"(?:{'|'.join(_PLAIN_ENDINGS)}|(?:^|\s)[가와]|(?<![벌로으])써)$")

_NO_ENDING = re.compile(
    # nouns
    r"(?:^|\s)(?:불?필요|중요|수요|동요|개요|소요|주요|민요|강요|담요|고요|요요|하자|하지|동네)$|^시야$"
    r"|(?:빨래|달래|샤워|파워|타워|플라워|아워|팔로워|누구나|분야|심야|제야|광야|평야|재야|케냐|베란다)$"
    r"|(?:^|\s)(?:올|새|이|오|피|손|방|동|서|남|황|공|재|침|지난|다음|첫|매|그|무|유) ?해$"
    # connectives: "-을 위해", "해야", "이제야"
    r"|예를 들어$|(?:^|\s)(?:위|통|대|의|향|인|비|관)해$|[아어해여려져라돼와봐줘춰워써서가내]야$"
    r"|[가-힣](?<!하)나야$|[이그]제야$|에야$|(?:^|\s)[이자사타어]야$|(?:^|\s)어라$"
)
_NOUN_IN_NI = re.compile(r"(?:어머니|할머니|언니|아주머니|주머니|바구니)$")
_TO_YOU = re.compile(r"(?:^|\s)(?:너|넌|널|네가|니가|너는|너를|너도|너의|너한테|너희|너랑)(?=\s|$)")

_EMOTICON = re.compile(r"[:;]['-]?[()DPp3]+$")

_N, _L, _B = 4, 8, 17
_VERBAL = frozenset({6, 15, 18, 20, 27})
"""ㄶ ㅀ ㅄ ㅆ ㅎ, which hardly any noun ends in. Final consonants go by their place in Unicode."""


def speech_level(sentence: str) -> KoreanLevel | None:
    """The level of a Korean sentence by its ending; None where the ending does not tell."""
    words, asked = _spoken(sentence)
    level = _level(words, asked)
    if level is None and "," in words:
        # A name called, or an afterthought, behind the sentence: "고마워요, 민수 씨."
        before, _, after = words.rpartition(",")
        if len(after.split()) in (1, 2):
            # "밥을 먹어, 지금은" may be a connective; polite endings are none.
            level = _level(before.rstrip(), asked)
            return None if level == "반말" else level
    return level


def off_style(text: str, language: str, tone: ToneConfig) -> StyleFault:
    """Why ``text`` is not in the style of ``tone``; empty when it is.

    ``language``: ISO 639-1 code.

    * ``level``: Korean at another level. 해요체 bears the statements of 합쇼체 ("감사합니다",
      "도와 드리겠습니다"), since Koreans mix them, but not its questions and orders.
    * ``length``: a sentence too long to be followed by ear.
    * ``formal``: English contractions or slang where "formal" is set; ``casual``: stiff forms
      where "casual" is.
    """
    sentences = [found.group().strip() for found in _SENTENCE.finditer(text)]
    if language == "ko" and any(_off_level(s, tone.korean_level) for s in sentences):
        return "level"
    per_second = _CHARS_PER_SECOND.get(language, _ALPHABETIC_CHARS_PER_SECOND)
    longest = per_second * _SECONDS[tone.detail - 1]
    if any(len(sentence) > longest for sentence in sentences):
        return "length"
    return _off_formality(text, tone) if language == "en" else ""


def _off_level(sentence: str, wanted: KoreanLevel) -> bool:
    level = speech_level(sentence)
    if level is None or level == wanted:
        return False
    words, _ = _spoken(sentence)
    if wanted != "반말" and _GREETING.search(words):
        return False
    mixed = level == "합쇼체" and wanted == "해요체"
    return not mixed or bool(_FORMAL_ORDER.search(words)) or words.endswith("니까")


def _spoken(sentence: str) -> tuple[str, bool]:
    """``sentence`` without what follows its last word (marks, emoji, ㅎㅎ, ㅠㅠ), and
    whether there was a question mark. Empty where the sentence is quoted or goes on."""
    text = _EMOTICON.sub("", unicodedata.normalize("NFC", sentence).strip())
    end = len(text)
    while end and not _is_letter(text[end - 1]):
        if text[end - 1] in _OPEN:
            return "", False
        end -= 1
    return text[:end], "?" in text[end:] or "？" in text[end:]


def _is_letter(character: str) -> bool:
    return character.isalnum() and not "ㄱ" <= character <= "ㆎ"


def _level(words: str, asked: bool) -> KoreanLevel | None:
    if not words or _ends(_NO_ENDING, words):
        return None
    if _is_formal(words):
        return "합쇼체"
    if _POLITE.search(words):
        return "해요체" if len(words) > 1 else None
    return "반말" if _is_plain(words, asked) else None


def _ends(pattern: re.Pattern[str], words: str) -> bool:
    # No ending here is longer; a search of the whole sentence takes seven times as long.
    return pattern.search(words, max(0, len(words) - 12)) is not None


def _is_formal(words: str) -> bool:
    ending = _FORMAL.search(words)
    after_b = ending is not None and _final(words[: ending.start()]) == _B
    return after_b or _FORMAL_ORDER.search(words) is not None


def _is_plain(words: str, asked: bool) -> bool:
    """Does it end as one speaks to a friend?"""
    return (
        _ends(_PLAIN, words)
        or _by_final_consonant(words)
        or (words.endswith("야") and len(words) > 1)  # -(이)야, or a friend's name called
        or (asked and _asks(words))
        or _tells_you(words)
    )


def _by_final_consonant(words: str) -> bool:
    """Endings that are known by the syllable before them: 했어, 좋네, 할게, 볼까."""
    before, end = _final(words[:-1]), words[-1]
    if end in "어아지네군":
        return before in _VERBAL
    if end in "게께래까":
        return before == _L
    return end in "해워" or (words.endswith("구나") and _final(words[:-2]) in _VERBAL)


def _asks(words: str) -> bool:
    """-니, and -나 where no noun can end so."""
    if words.endswith("니"):
        return not _NOUN_IN_NI.search(words)
    return words.endswith("나") and _final(words[:-1]) in _VERBAL


def _tells_you(words: str) -> bool:
    """한다체 that says 너: "너는 잘할 수 있다"."""
    is_statement = words.endswith("다") and _final(words[:-1]) in (_N, *_VERBAL)
    return is_statement and _TO_YOU.search(words) is not None


def _final(text: str) -> int:
    """The place of the last syllable's final consonant; 0: there is none."""
    last = text[-1:]
    return (ord(last) - ord("가")) % 28 if "가" <= last <= "힣" else 0


# --- English --------------------------------------------------------------------

_CONTRACTED = re.compile(
    r"\b(?:\w+n['’]t|(?:i|you|he|she|it|we|they|that|there|who|what|where|how|here)['’]"
    r"(?:m|re|ve|ll|d|s)|let['’]s)\b",
    re.IGNORECASE,
)
_SLANG = re.compile(
    r"\b(?:gonna|wanna|gotta|kinda|sorta|dunno|lemme|gimme|ain['’]?t|y['’]?all|yeah|yep|yup|nope"
    r"|dude|bro|buddy|guys|cool beans|no worries|my bad|lol|omg|btw|hiya|yo)\b",
    re.IGNORECASE,
)
_STIFF = re.compile(
    r"\b(?:furthermore|moreover|henceforth|hereby|therein|thereof|pursuant|notwithstanding|thus"
    r"|hence|whilst|sir or madam|esteemed|kindly (?:be|note|refrain|wait)|do not hesitate"
    r"|at your (?:earliest )?convenience|i (?:wish|regret) to inform you|please be advised"
    r"|in accordance with|it is (?:imperative|advisable) that|may i (?:inquire|enquire)"
    r"|to whom it may concern|i remain at your disposal)\b",
    re.IGNORECASE,
)


def _off_formality(text: str, tone: ToneConfig) -> StyleFault:
    if tone.formality == "formal" and (_CONTRACTED.search(text) or _SLANG.search(text)):
        return "formal"
    if tone.formality == "casual" and _STIFF.search(text):
        return "casual"
    return ""
