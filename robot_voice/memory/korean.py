"""Requests to the memory in Korean. Pure."""

from __future__ import annotations

import re

from .requests import Export, ForgetAll, ForgetThat, Recall, Remember, Request, Retain, trimmed

_LEAD = re.compile(
    r"^(?:(?:자|음|어|저기|저기요|그럼|그리고|아|야|로봇아|로봇|누리야|누리|제발|부탁인데|이제"
    r"|혹시|있잖아)[,.!]* )+"
)
_TAIL = re.compile(
    r"(?:[, ]+(?:부탁해|부탁해요|부탁합니다|제발|알았지|알겠지|응|고마워|누리야|로봇아))?[ .!?~]*$"
)

_PLEASE = (
    r" ?(?:줘|줘요|줘라|주세요|주십시오|줄래|줄래요|주라|주렴|주겠니|주겠어|주시겠어요|주실래요"
    r"|주실 수 있나요|주실 수 있어요|줄 수 있어|줄 수 있어요|줄 수 있니|줄 수 있나요|달라고)"
)
_KEEP = r" ?(?:둬|둬요|두세요|둬라|놔|놔요|놓으세요|놔라|둬 ?줘|둬 ?주세요|놔 ?줘|놔 ?주세요|두렴)"
_WELL = r"(?:(?:꼭|잘|좀|반드시|항상|계속|절대|그대로) )*"
_ASK_KEEP = (
    rf"(?:(?:기억|메모|저장|암기|기록)(?:을)? ?해(?:{_PLEASE}|{_KEEP})|외워(?:{_PLEASE}|{_KEEP})"
    rf"|적어(?:{_PLEASE}|{_KEEP})|기억하(?:세요|십시오|렴|도록 해|고 있어 ?(?:줘|주세요))"
    r"|(?:잊|까먹)지 ?(?:마|마요|마세요|말아|말아요|마라|말아 ?줘|말아 ?주세요))"
)
_BARE = r"(?:(?:꼭|잘) 기억해(?:요)?|기억해(?=[.!]|$))"
_THIS = r"(?:(?:이거|이걸|이것|이것을|그거|그걸|이 말|이 사실|이건|그건)(?:은|는|을|를)? )?"

_REMEMBER_AFTER = re.compile(
    rf"(?P<fact>.+?)(?P<mark>[.,!?]?) {_THIS}{_WELL}(?:(?P<sure>{_ASK_KEEP})|(?P<bare>{_BARE}))"
)
_REMEMBER_BEFORE = re.compile(rf"{_THIS}{_WELL}{_ASK_KEEP}[.,:!]? (?P<fact>.+)")
_NOUN = r"(?:거|것|걸|것을|거를|게|점|점을|사실|사실을|말|말을)(?:은|는|만)?"
_NAMELY = re.compile(
    rf"(?:(?P<that>(?:이)?라|다|자|냐)(?:는|고 하는|고 한|던) ?{_NOUN}"
    rf"|(?P<said>(?:이)?라|다|자)고(?: ?{_NOUN})?)$"
)
"""What makes a noun of a clause: '생일이 오월이|라는 거', '재즈를 좋아한|다는 걸', '한|다고'."""
_VAGUE = re.compile(
    r"(?:나|날|나를|저|저를|내|우리|우리를|너|널|이거|이걸|그거|그걸|저거|이것|그것|그날|그때"
    r"|그 사람|모두|다|전부|이 순간|오늘|오늘을|어제 일|내 말|내 말을|제 말|제 말을|내가 한 말"
    r"|내가 한 말을|내가 말한)"
)
"""Nothing that could be kept: '나를 기억해 줘' wants no note."""
_OBJECT = re.compile(r"^\D*(?:(?<!것)을|(?<!거)를|함께|하고)$|^\S+$|^(?:나를|저를|날) |[?]$")
"""'상사의 폭언을 기록해 두세요': a thing without a number tells nothing that could be kept."""
_QUESTION = re.compile(
    r"(?:뭐|뭘|무엇|누구|언제|어디|어떻게|왜|몇|무슨|어떤)\w*(?: \S+)*? ?(?:지|는지|인지|더라"
    r"|았지|했지|였지)?$"
)

_ABOUT_ME = (
    r"(?:(?:나|저|우리|내|제)(?:에|한테) ?(?:대한|대해|대해서|관한|관해)"
    r"(?: (?:네가|니가|당신이))?(?: ?(?:알고 있는|기억하는|기억하고 있는|아는|저장된|저장한))?"
    r"|내가 (?:말한|한 말|알려 ?준|얘기한)|제가 (?:말한|한 말|알려 ?드린))"
)
_THINGS = r"(?:거|것|건|걸|것들|기억|기억들|정보|데이터|메모|내용|말|사실)(?:은|는|을|를|도)?"
_ALL = r"(?:전부|다|모두|싹|싹 다|전부 다|모두 다|모조리|완전히|몽땅)"
_DROP = r"(?:잊어(?:버려)?|지워|삭제해|없애|까먹어)"
_ASK_DROP = rf"{_DROP}(?:{_PLEASE}| ?버려| ?버려요| ?버리세요| ?버려 ?(?:줘|주세요)|라)"
_FORGET_ALL = re.compile(
    rf"(?:{_ABOUT_ME}(?: ?{_THINGS})?(?: {_ALL})* {_ASK_DROP}"
    rf"|(?:{_ABOUT_ME} )?(?:네 |너의 |내 |모든 |저장된 ){{0,2}}(?:기억|메모|개인 ?정보)(?:을|를"
    rf"|들을|은)?(?: {_ALL})+ {_ASK_DROP}"
    rf"|{_ABOUT_ME}? ?모든 {_THINGS}(?: {_ALL})? {_ASK_DROP}"
    rf"|(?:지금까지 |여태 )?(?:들은|기억한|기억하는|기억하고 있는) {_THINGS}? ?{_ALL} {_ASK_DROP}"
    rf"|{_ALL} 잊어(?:{_PLEASE}| ?버려| ?버려 ?줘)|(?:나|날|나를|저를) (?:완전히 )?잊어{_PLEASE})"
)
_LAST = re.compile(
    r"(?:(?:방금|아까|지금|조금 전에?|마지막) ?(?:(?:에 )?(?:내가 |제가 )?(?:그 |한 |말한 "
    r"|들은 |기억한 |저장한 ))?"
    r"(?:거|것|건|걸|그거|그건|말|얘기|기억|메모|내용)(?:은|는|을|를)?"
    r"|그거|그건|그걸|그것|그 말|그 말은|그 기억|그 기억은|그 얘기|이거|이건|이 말|이 기억)"
    rf" ?(?:다시 |좀 |그냥 |기억에서 )*(?P<verb>{_ASK_DROP})"
)
_FORGET = re.compile(
    r"(?P<about>.+?)(?:(?:에 ?(?:대해|대해서|대한|관해|관한))(?: (?:내가 |제가 )?(?:말한|한"
    r"|들은|알려 준|기억한|아는))?"
    r"(?: ?(?:거|것|건|걸|말|얘기|이야기|기억|정보|메모|내용)(?:은|는|을|를)?)?|(?:이)?(?:라"
    r"|다)(?:는|고 한)"
    r" ?(?:거|것|건|걸|말|얘기|사실)(?:은|는|을|를)?| (?:기억|메모)(?:은|는|을|를)?"
    r"|(?<=[가-힣]) ?(?:거|건|것)(?:은|는|을)?)"
    rf" ?(?:(?:좀|그냥|이제|모두|다|전부) )*(?P<verb>{_ASK_DROP})"
)
_FORGET_NAMED = re.compile(
    rf"(?P<about>(?:내|제|우리) .+?)(?:은|는|을|를)? ?(?:좀 |그냥 "
    rf"|이제 )*(?P<verb>잊어{_PLEASE}|잊어 ?버려)"
)

_KNOWING = (
    r"(?:기억하(?:고 있(?:어|어요|나요|니|는 거야|습니까)|니|나요|는 거야|는 거 있어|십니까)"
    r"|기억해(?:요)?"
    r"|알고 있(?:어|어요|나요|니|습니까)|알아(?:요)?|아니|아나요|아세요)"
)
_RECALL = re.compile(
    rf"(?:(?:나|저|우리)(?:에|한테) ?(?:대해|대해서|관해|관해서) (?:뭐|뭘|뭐를|무엇을|무얼"
    rf"|어떤 걸|어떤 것을) ?{_KNOWING}"
    r"|(?:지금 |내가 말한 거 )?(?:뭐|뭘|뭐를|무엇을|어떤 걸) 기억하고 있(?:어|어요|나요|니|습니까)"
    r"|(?:(?:나|저)에 ?(?:대해|대해서|대한) )?(?:네가 )?(?:기억하는|기억하고 있는|기억한|아는"
    r"|알고 있는) (?:거|것|걸|것을|내용)(?:를)?"
    r"(?: (?:다|전부|모두|좀))? ?(?:말해|알려|얘기해|읽어|들려|보여)"
    + _PLEASE
    + r"|내가 (?:뭘|뭐|무엇을) 기억해 ?(?:달라고|달랬)\w*(?: 했\w+)?"
    r"|(?:나|저)에 ?(?:대한|대해) (?:기억|메모) ?(?:말해|알려|읽어|들려|보여)" + _PLEASE + r")"
)
_RECALL_ABOUT = re.compile(
    r"(?P<about>.+?)에 ?(?:대해|대해서|관해|관해서) (?:뭐|뭘|뭐를|무엇을|무얼"
    r"|어떤 걸) ?기억(?:하고 있\w+|해|해요|하니|하나요)"
)
_EXPORT = re.compile(
    rf"(?:(?:내|네|나에 대한|저에 대한|제) )?(?:모든 )?(?:기억|메모|데이터|정보)(?:을|를"
    rf"|들을)?(?: {_ALL})?"
    r" (?:파일로 (?:내보내|저장해|만들어|뽑아|써)|내보내|백업해|복사해)" + _PLEASE
)
_COUNTS = {
    "하루": (1, 1), "이틀": (2, 1), "사흘": (3, 1), "일주일": (1, 7), "한 주": (1, 7),
    "이 주": (2, 7),
    "한 달": (1, 30), "한달": (1, 30), "두 달": (2, 30), "석 달": (3, 30), "세 달": (3, 30),
    "여섯 달": (6, 30), "반년": (1, 182), "일 년": (1, 365), "일년": (1, 365), "이 년": (2, 365),
    "삼십 일": (30, 1), "보름": (15, 1),
}  # fmt: skip
_UNITS = {"일": 1, "주": 7, "주일": 7, "달": 30, "개월": 30, "년": 365}
_SPAN = (
    rf"(?:(?P<named>{'|'.join(_COUNTS)})|(?P<number>\d{{1,4}}) ?(?P<unit>주일|개월|일|주|달|년))"
)
_RETAIN = re.compile(
    rf"(?:(?:기억|메모|내 기억|데이터|내 정보|내 말)(?:을|를|은)? )?{_SPAN}(?:간|동안)?만? ?"
    rf"(?:동안만? )?(?:보관|저장|기억|간직|유지)(?:을 )?해{_PLEASE}"
    rf"|(?:기억|메모|내 정보|내 말)(?:을|를|은)? (?P<after>{'|'.join(_COUNTS)}"
    rf"|\d{{1,4}} ?(?:주일|개월|일|주|달|년))"
    r" ?(?:뒤|후|지나면)(?:에)?(?: 다)? (?:잊어|지워|삭제해)" + _PLEASE
)

_THEN = (
    r"(?:지난 ?번|저번|요전|어제|그저께|그제|엊그제|예전|이전|전에|지난 ?(?:주|달)|며칠 ?전|마지막)"
)
_TALKED = (
    r"(?:(?:얘기|이야기|대화|말)(?:를|을)? ?(?:했|나눴|나눈|한|하던|나누었)"
    r"|(?:나눈|나눴던|한|하던|했던) ?(?:얘기|이야기|대화|말))"
)
_ASKING = r"(?:무슨|어떤|뭐|뭘|무엇|뭔|기억|생각나)"
_TALKS = re.compile(
    rf"{_THEN}.*{_ASKING}.*{_TALKED}|{_THEN}.*{_TALKED}.*{_ASKING}|{_ASKING}.*{_THEN}.*{_TALKED}"
    r"|(?:지난 ?번?|이전|마지막|저번) ?대화"
)
"""'지난번에 무슨 얘기 했지?', '어제 우리가 나눈 얘기 기억나?'"""


def asks_of_talks(text: str) -> bool:
    """See ``commands.asks_of_talks``."""
    return _TALKS.search(text) is not None


def request(text: str) -> Request | None:
    """What ``text`` asks; see ``commands.memory_request``."""
    asked = text.rstrip().endswith("?")
    words = _TAIL.sub("", _LEAD.sub("", text, count=1), count=1).strip()
    plain = re.sub(r"[,.!~]+", "", words)
    return _about_all(plain) or _forget(plain) or _remember(words, asked)


def _about_all(words: str) -> Request | None:
    """What concerns the memory as a whole."""
    if found := _RETAIN.fullmatch(words):
        return Retain(_days(found["named"] or found["after"] or found["number"] + found["unit"]))
    if _FORGET_ALL.fullmatch(words):
        return ForgetAll()
    if _RECALL.fullmatch(words):
        return Recall()
    if found := _RECALL_ABOUT.fullmatch(words):
        return Recall(trimmed(found["about"]))
    return Export() if _EXPORT.fullmatch(words) else None


def _days(span: str) -> int:
    if span in _COUNTS:
        number, unit = _COUNTS[span]
        return number * unit
    digits = re.match(r"\d+", span)
    assert digits is not None  # the pattern says so
    return max(1, int(digits[0])) * _UNITS[span[digits.end() :].strip()]


def _forget(words: str) -> Request | None:
    if (found := _LAST.fullmatch(words)) and _of_memory(found["verb"], words):
        return ForgetThat()
    found = _FORGET.fullmatch(words) or _FORGET_NAMED.fullmatch(words)
    if found is None or not _of_memory(found["verb"], words):
        return None
    about = trimmed(found["about"])
    return None if not about or _VAGUE.fullmatch(about) else ForgetThat(about)


def _of_memory(verb: str, words: str) -> bool:
    """Boards are wiped and files deleted too: only what is forgotten is the memory's for sure."""
    return (
        verb.startswith(("잊어", "까먹어")) or re.search("기억|메모|한 말|말한", words) is not None
    )


def _remember(words: str, asked: bool) -> Request | None:
    found = _REMEMBER_AFTER.fullmatch(words)
    if found is not None:
        if found["bare"] and (
            asked or not (found["mark"] or found["bare"].startswith(("꼭", "잘")))
        ):
            return None
        fact = _clause(found["fact"])
    else:
        before = _REMEMBER_BEFORE.fullmatch(words)
        if before is None or asked:
            return None
        fact = _clause(before["fact"])
    if _VAGUE.fullmatch(fact) or _QUESTION.search(fact) or _OBJECT.search(fact) or len(fact) < 4:
        return None
    return Remember(trimmed(fact))


def _clause(fact: str) -> str:
    """The clause without what makes it an object of 'remember'."""
    fact = re.sub(r" (?:이거|이걸|그거|그걸|꼭|잘|좀|절대)$", "", fact.strip(" .,!"))
    found = _NAMELY.search(fact)
    if found is None:
        return fact
    kept = found["that"] or found["said"]
    # '한|다는 거' is '한다' with a noun behind it; '라' stands for '이다'.
    return fact[: found.start()] + ("다" if kept == "다" else "")
