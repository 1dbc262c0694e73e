"""How sentences end, and how they do not, in each language: the endpoint policy's tables. Pure.

All patterns are looked for at the end of the transcript, in lower case and without its closing
quotes and full stop. Where two rows fit, the more patient one counts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

NEVER = r"(?!)"


@dataclass(frozen=True, slots=True)
class Endings:
    """One language's rows."""

    complete: re.Pattern[str]
    """What sentences end with, full stop or not."""
    unfinished: re.Pattern[str]
    """What no sentence ends with, full stop or not: Whisper puts one behind nearly everything."""
    fillers: re.Pattern[str]
    """What is said while thinking of the next word."""
    hanging: re.Pattern[str]
    """Unfinished too, but only where no full stop follows: "I think so." is a sentence."""
    opening: re.Pattern[str]
    """A last sentence that as a whole is the beginning of another: "when I was young"."""
    answers: re.Pattern[str]
    """Unfinished, but not as the answer to a question: "학교에"."""
    stopped: re.Pattern[str]
    """What a full stop is believed behind: in languages whose sentences end in a verb, not behind
    a noun, where a recogniser puts one at any pause."""
    exceptions: frozenset[str] = field(default_factory=frozenset)
    """Last words that look unfinished and are not."""


def _endings(exceptions: str = "", opening: str = NEVER, **rows: str) -> Endings:
    """``rows``: alternatives that the text ends with, by field; one left out never fits, but a
    full stop is believed behind anything."""
    names = ("complete", "unfinished", "fillers", "hanging", "answers")
    ends = {name: re.compile(f"(?:{rows.get(name, NEVER)})$") for name in names}
    ends["stopped"] = re.compile(f"(?:{rows.get('stopped', '')})$")
    last_sentence = re.compile(rf"(?:^|[.!?。！？]\s*)(?:{opening})$")
    return Endings(**ends, opening=last_sentence, exceptions=frozenset(exceptions.split()))


_CLOSED_BY_P = "".join(map(chr, range(0xAC00 + 17, 0xD7A4, 28)))
"""Every Hangul syllable that ends in ㅂ: after it, -니까 asks politely; else it means "because"."""

_CLOSED_BY_N = "".join(map(chr, range(0xAC00 + 4, 0xD7A4, 28)))
"""Every Hangul syllable that ends in ㄴ: before 데 it is the connective ending -ㄴ데."""

_BEFORE_SUBJECT = (
    r"when|whenever|if|even if|although|even though|though|while|because|since|before|after"
    r"|until|unless|as soon as|as long as|in case|by the time"
)
_SUBJECT = r"(?:i|you|he|she|it|we|they|there)(?:'\w+)?"
_ASKS = r"is|are|am|was|were|do|does|did|will|can|could|should|would|have|has|shall|must"

# English: conjunctions, articles, prepositions, auxiliaries and fillers want more. A sentence that
# begins with a subordinator and has neither a comma nor a second subject lacks its main clause.
_EN = _endings(
    unfinished=r"\b(?:and|or|but|because|if|while|although|though|unless|than|the|an?|my|your|our"
    r"|their|every|i'm|let's|we're|they're|i'd like|i want|i'd like to|i want to|going to|want to)",
    fillers=r"\b(?:um+|uh+|er+m?|hm+|mm+|ah+|you know|i mean|sort of|kind of|let me (?:see|think)"
    r"|how do you say|what's it called)",
    hanging=r"\b(?:so|when|that|which|who|whose|where|how|what|his|her|its|this|these|those|some|any"
    r"|to|of|in|on|at|for|from|with|by|about|into|as|is|are|was|were|am|be|been|has|have|had"
    r"|like|well|then|also|please|can you|could you|i|we|he|she|they|very|really|not|don't"
    r"|i think|i feel|tell me|show me)",
    opening=rf"(?:(?:and|but|so|or|well) )?(?:{_BEFORE_SUBJECT}) (?!(?:{_ASKS})\b)"
    rf"(?!\S+(?: \S+)+? {_SUBJECT} \S)[^,.!?]+",
    answers=r"\b(?:really|please)",
)

# Korean: sentence-final endings close a clause (-다, -요, -죠, -까, -니, -라, -자, -줘); connective
# endings (-고, -는데, -면, -서, -니까, -지만), also with a particle, other particles and fillers do
# not. With -요 behind it a connective ending is a polite sentence: 가고 싶은데요.
_KO_COMPLETE = (
    r"다|요|죠|까|니|냐|네|라|자|줘|해|야|지|군|걸|래|게|봐|어|아|돼|마|려|켜|꺼|춰|응|예|그만|정지"
    r"|대|더라|구나|니다|세요|십시오|할게|거든|잖아|(?:^|\s)(?:가|와)"
)
_KO = _endings(
    complete=_KO_COMPLETE,
    stopped=_KO_COMPLETE,
    unfinished=r"(?:고|며|면|면서|[가-힣]서|지만|려고|거나|다가|도록|든지|느라"
    rf"|더니|자마자|[{_CLOSED_BY_N}]데|(?<![{_CLOSED_BY_P}])니까|때문에|기 전에|다음에|동안"
    r"|대신에?|[을를할갈볼될올]\s때)(?:도|는|은|만|요는)?"
    r"|(?:^|\s)(?:그러니까|그리고|그래서|근데|그런데|하지만|또|혹시|왜냐하면|만약에?|만일)"
    r"|[가-힣](?:을|를|은|는|이랑|하고|에서|한테|에게|의|처럼|보다|까지|부터|에|께서|께|조차|마저|밖에|라는|다는)",
    fillers=r"(?:^|\s)(?:음+|어+|으+음*|아+|에+|그+|저+|저기|저기요?|그게|저게|뭐|뭐지|뭐랄까|뭐더라|뭐냐|있잖아"
    r"|글쎄|이제|인제|막|그니까|잠깐만 그)",
    hanging=r"[가-힣](?:으로|로)|(?:^|\s)(?:그러면|그럼|내가|네가|제가|우리가|누가|뭐가|이게|그게|너무|아주|제일|가장|더|좀)",
    opening=r"(?:만약에?|만일|비록|왜냐하면)\s[^,]*(?:가|이|은|는|을|를|에)",
    answers=r"[가-힣](?:에|에서|까지|부터|한테|에게|하고|으로|로|서|니까|때문에)",
    exceptions="최고 광고 창고 사고 재고 라면 냉면 화면 장면 정면 어서 독서 순서 비서 가운데",
)

_JA = _endings(
    complete=r"です|ます|ました|でした|ません|ましょう|ください|お願いします?|ありがとう|か|よ|ね|な|だ|た|ろ|わ|ぞ"
    r"|なさい|たい|ない|はい|いいえ|うん|おはよう|さようなら",
    stopped=r"[ぁ-んー]",
    unfinished=r"て|で|けど|けれど|から|が|(?<!もしも)し|たら|れば|なら|ながら|たり|ため|とき|[のたる]時"
    r"|という|とか|など|と|(?<!こんにち)(?<!こんばん)は|を|に|も|の|へ|より|つまり|たとえば|例えば",
    answers=r"から|ので|に|へ|まで|で",
    fillers=r"(?:えっと|えーと|えー+|あの|あのー+|その|そのー+|ええと|うーん|うーんと|まあ|なんか|なんていうか|ほら|んー+)",
)

_ZH = _endings(
    complete=r"[吗呢吧啊呀了的嘛啦哦喔哈]|谢谢|再见|不是|没有|可以|好|不要",
    unfinished=r"因为|所以|但是|可是|不过|而且|如果|要是|虽然|然后|还有|或者|以及|为了|除了|和|跟|把|被|让|给|比如|例如"
    r"|的时候|之前|之后|以后|以前|我想|我要|我想要|帮我|给我|请|想要",
    fillers=r"那个|这个|嗯+|呃+|额+|就是|就是说|怎么说|怎么说呢|我想想|让我想想",
    hanging=r"在|是|从|向|往|(?<=[^不])对|用|很|都|也|就|还|又|再|最|太",
    opening=r"(?:如果|要是|因为|虽然|既然|只要|除非|即使|当)(?!.*[，,就那所但都才也]).+",
)

_DE = _endings(
    unfinished=r"\b(?:und|oder|aber|weil|wenn|dass|ob|der|die|das|dem|den|ein|eine|einen|mein|meine"
    r"|zu|mit|für|von|nach)",
    fillers=r"\b(?:äh+m?|ähm+|öh+|hm+|also|na ja)",
)
_ES = _endings(
    unfinished=r"\b(?:y|o|pero|porque|si|que|el|la|los|las|un|una|mi|tu|su|de|del|en|con|para|por|a)",
    fillers=r"\b(?:eh+|em+|este|pues|o sea|a ver)",
)
_FR = _endings(
    unfinished=r"\b(?:et|ou|mais|parce que|si|que|le|la|les|un|une|des|mon|ma|de|du|à|en|dans|avec"
    r"|pour)",
    fillers=r"\b(?:euh+|ben|bah|alors|du coup|genre)",
)

TABLE: Mapping[str, Endings] = {
    "ko": _KO,
    "en": _EN,
    "ja": _JA,
    "zh": _ZH,
    "de": _DE,
    "es": _ES,
    "fr": _FR,
}
