"""Does the user ask for another language? "Speak Korean", "영어로 말해 줘". Pure.

Only a whole utterance that asks for it and nothing else counts: "How do you say hello in Korean?"
and "I speak English" ask for no change.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_NAMES: Mapping[str, str] = {
    "en": r"english|영어|英語|英语|englisch|ingl[eé]s|anglais",
    "ko": r"korean|한국어|한국말|우리말|韓国語|韩语|韩国话|koreanisch|coreano|cor[eé]en",
    "ja": r"japanese|일본어|일본말|日本語|日语|日文|japanisch|japon[eé]s|japonais",
    "zh": r"chinese|mandarin|중국어|중국말|中国語|中文|汉语|普通话|chinesisch|chino|chinois",
    "de": r"german|독일어|독일말|ドイツ語|德语|deutsch|alem[aá]n|allemand",
    "es": r"spanish|스페인어|スペイン語|西班牙语|spanisch|espa[nñ]ol|espagnol",
    "fr": r"french|프랑스어|불어|フランス語|法语|franz[oö]sisch|franc[eé]s|fran[cç]ais",
}
"""What each language is called in all of them."""

_ANY = "(?P<name>" + "|".join(_NAMES.values()) + ")"

_VERB = "speak|talk|answer|reply|respond|continue|switch|go on|say it"

_REQUESTS = tuple(
    re.compile(request.replace("VERB", _VERB).replace("NAME", _ANY))
    for request in (
        # en; "can you speak Korean?" alone is a question
        r"(?:(?:please|now|ok(?:ay)?|hey \w+) )*(?:VERB)(?: (?:to|with) me)?(?: (?:in|to|into))?"
        r" NAME(?: (?:please|now|from now on|with me))*",
        r"(?:please )?(?:can|could|would|will) you (?:please )?(?:VERB)(?: (?:to|with) me)?"
        r" (?:in|to|into) NAME(?: (?:please|now|from now on|with me))*",
        r"(?:can|could|would|will) you (?:VERB) NAME (?:please|with me)",
        r"(?:can|could|would|will) you please (?:VERB) NAME",
        r"(?:in )?NAME please",
        r"let['’]s (?:speak|talk|continue|go on)(?: in)? NAME(?: (?:please|now))*",
        # ko
        r"(?:이제 |지금부터 |앞으로 |그럼 )*NAME(?:으?로)? ?(?:좀 )?"
        r"(?:말|대답|답|얘기|이야기)?(?:을 )?(?:해|하자|바꿔|부탁해|할래|해볼래)"
        r"(?: ?(?:줘|주세요|주십시오|줄래|줄래요|주시겠어요|요|봐|보자|볼래))*"
        r"(?: ?줄 수 있(?:어|나요))?",
        r"NAME(?:으?로) ?(?:좀 )?(?:부탁해|부탁해요|부탁합니다)",
        # ja
        r"(?:これから)?NAMEで(?:話|答え|言っ?|お願い|しゃべ)[ぁ-んす]*",
        # zh
        r"(?:请|請)?(?:你)?(?:用|说|讲|換成|换成)NAME(?:说|讲|回答|跟我说|吧|说话)*",
        # de, es, fr
        r"(?:bitte )?(?:sprich|sprechen sie|rede|antworte)(?: bitte)?(?: auf)? NAME(?: bitte)?",
        r"(?:por favor )?(?:habla|hable|responde|contesta)(?: en)? NAME(?: por favor)?",
        r"(?:parle|parlez|r[eé]ponds|r[eé]pondez)(?: en)? NAME"
        r"(?: s['’]il (?:te|vous) pla[iî]t)?",
        r"(?:auf|en) NAME (?:bitte|por favor|s['’]il (?:te|vous) pla[iî]t)",
    )
)
"""Whole utterances, in small letters and without marks."""

_BY_NAME = {code: re.compile(names) for code, names in _NAMES.items()}
_MARKS = re.compile(r"[.,!?~…。、，！？¿¡\"]+")
_SPACE = re.compile(r"\s+")


def asked_language(text: str) -> str | None:
    """ISO 639-1 code of the language that ``text`` asks the robot to speak; None: it does not."""
    words = _SPACE.sub(" ", _MARKS.sub(" ", text.lower())).strip()
    for request in _REQUESTS:
        found = request.fullmatch(words)
        if found is not None:
            name = found["name"]
            return next(code for code, names in _BY_NAME.items() if names.fullmatch(name))
    return None
