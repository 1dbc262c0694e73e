"""What is asked of the memory, and what only sounds like it."""

from __future__ import annotations

import pytest

from robot_voice.memory.commands import asks_of_talks, memory_request, says_yes
from robot_voice.memory.requests import (
    MAX_FACT,
    Export,
    ForgetAll,
    ForgetThat,
    Recall,
    Remember,
    Request,
    Retain,
    trimmed,
)

REMEMBER = {
    "Remember that my sister is called Mina.": "my sister is called Mina",
    "remember that i am allergic to peanuts": "i am allergic to peanuts",
    "Please remember my birthday is on May third.": "my birthday is on May third",
    "Can you remember that I take my coffee black?": "I take my coffee black",
    "Hey robot, remember I parked on level three.": "I parked on level three",
    "My wifi is called Nuri, remember that please.": "My wifi is called Nuri",
    "I like jazz. Remember that.": "I like jazz",
    "Don't forget that grandma visits on Sundays.": "grandma visits on Sundays",
    "Don’t forget that I don’t eat meat": "I don't eat meat",
    "Make a note that the spare key is under the mat.": "the spare key is under the mat",
    "Keep in mind that I don't eat meat.": "I don't eat meat",
    "Remember: the door code is 4 7 1 1.": "the door code is 4 7 1 1",
    "could you make a note that dad moved to Busan": "dad moved to Busan",
    "I need you to remember that we have two cats.": "we have two cats",
    "remember this my doctor's name is Park": "my doctor's name is Park",
    "I live in Daegu, please don't forget it": "I live in Daegu",
    "Remember that my sister collects porcelain": "my sister collects porcelain",
    "remember that she sings": "she sings",
    "Remember, my sister's name is Mina.": "my sister's name is Mina",
    "혈압 백이십에 팔십이라고 기록해 줘": "혈압 백이십에 팔십",
    "현관 비밀번호 4711을 기억해 줘": "현관 비밀번호 4711을",
    "내 동생 이름이 민아라는 거 기억해 줘.": "내 동생 이름이 민아",
    "내가 땅콩 알레르기 있다는 걸 기억해줘": "내가 땅콩 알레르기 있다",
    "제 생일은 오월 삼일이에요. 기억해 주세요.": "제 생일은 오월 삼일이에요",
    "기억해 줘, 나는 커피를 블랙으로 마셔": "나는 커피를 블랙으로 마셔",
    "나 매운 거 못 먹는 거 잊지 마": "나 매운 거 못 먹는 거",
    "우유 사야 한다고 메모해 줘": "우유 사야 한다",
    "차는 지하 삼층에 세웠어. 이거 기억해 둬.": "차는 지하 삼층에 세웠어",
    "할머니가 일요일마다 오신다는 거 꼭 기억해 주세요": "할머니가 일요일마다 오신다",
    "내가 재즈를 좋아한다는 사실을 기억해 줄래?": "내가 재즈를 좋아한다",
    "현관 비밀번호는 4711이야 기억해 줘": "현관 비밀번호는 4711이야",
    "내 이름은 수진이야. 꼭 기억해.": "내 이름은 수진이야",
    "이거 기억해 줘. 나는 대구에 살아.": "나는 대구에 살아",
    "누리야, 금요일에는 재택근무를 한다는 점 기억해 두세요": "금요일에는 재택근무를 한다",
}

OTHERS: dict[str, Request] = {
    "Forget that.": ForgetThat(),
    "please forget what I just told you": ForgetThat(),
    "Forget that I like tea.": ForgetThat("I like tea"),
    "forget my birthday": ForgetThat("my birthday"),
    "Forget about my sister": ForgetThat("my sister"),
    "forget everything about my sister": ForgetThat("my sister"),
    "forget what I told you about my job": ForgetThat("my job"),
    "Can you forget where I live?": ForgetThat("where I live"),
    "delete the note about the door code": ForgetThat("the door code"),
    "그거 잊어 줘": ForgetThat(),
    "방금 말한 거 잊어 줘.": ForgetThat(),
    "방금 그 말은 잊어버려": ForgetThat(),
    "방금 한 말 기억에서 지워 줘": ForgetThat(),
    "내 동생에 대해 잊어 줘": ForgetThat("내 동생"),
    "내 생일 잊어 줘": ForgetThat("내 생일"),
    "현관 비밀번호 메모 지워 줘": ForgetThat("현관 비밀번호"),
    "Forget everything about me.": ForgetAll(),
    "Please forget everything.": ForgetAll(),
    "forget everything you know about me": ForgetAll(),
    "Delete all my data": ForgetAll(),
    "wipe your memory": ForgetAll(),
    "나에 대한 거 전부 잊어 줘": ForgetAll(),
    "저에 대한 기억을 모두 지워 주세요": ForgetAll(),
    "다 잊어 줘": ForgetAll(),
    "기억을 전부 지워 줘": ForgetAll(),
    "나에 대한 모든 정보를 삭제해 줘": ForgetAll(),
    "What do you remember about me?": Recall(),
    "what do you know about me": Recall(),
    "What did I ask you to remember?": Recall(),
    "what do you remember about my sister?": Recall("my sister"),
    "나에 대해 뭘 기억하고 있어?": Recall(),
    "기억하는 거 다 말해 줘": Recall(),
    "내 동생에 대해 뭘 기억하고 있어?": Recall("내 동생"),
    "Export my memories.": Export(),
    "기억을 파일로 내보내 줘": Export(),
    "keep my data for thirty days": Retain(30),
    "Keep my memories for only one week": Retain(7),
    "forget everything after 2 weeks": Retain(14),
    "기억을 한 달만 보관해 줘": Retain(30),
    "내 말을 30일 동안만 기억해 줘": Retain(30),
    "기억은 일주일 뒤에 지워 줘": Retain(7),
    "기억을 2주일만 보관해 주세요": Retain(14),
}

NOTHING = """
Do you remember my name?
I can't remember that.
I will never forget that.
I always forget it
remember when we went to the beach
Remember that time we got lost?
remember that song
Remember, they gave it an eight.
Remember this conversation when things go wrong.
You won't even remember it.
Then you'd better keep it.
Write down the problems and how you feel about them.
save the loser
remember the day I was born
remember the good times
remember that my friend
Remember that summer in Jeju.
remember that was fun
Remember to buy milk.
Remember me.
I remember that day well.
She asked me to remember that the door was open.
He told me to forget that I was ever there.
That reminds me of summer.
Do you remember that I like tea?
Remember, remember the fifth of November
You should remember your manners.
Forget it.
forget about it
Don't forget to call me.
I forgot my keys.
Forget that, what's the weather?
Let's forget about him.
I will forget everything at the exam
never forget
forget you
Forget about everything else.
Forget all that.
Did you forget about me?
delete everything on the shopping list
wipe the table
What do you know about whales?
Clear the table please
keep the door open for two days
내 이름 기억해?
기억나?
기억이 안 나
나를 기억해 줘
기억해 줘서 고마워
우리 처음 만난 날 기억해?
그걸 어떻게 기억해
내가 뭐라고 했는지 기억해 줘?
기억해야 해
그날 잊지 못해
잊지 마
내 생일을 기억해 줘
전화번호 저장해 줘
여기까지 하고 저장해 줘
나를 좋은 사람으로 기억해 줘
약속 시간을 적어 둬
잊지 말고 물을 마시세요
걱정하지 마
어제 일 기억해요?
난 기억해
오늘을 기억해 줘
잊어버렸어
약속을 잊어버렸어
그 사람을 잊을 수 없어
칠판 지워 줘
그거 지워 줘
그 일은 잊어
잊어버릴 뻔했어
우산을 잊어버리고 왔어
파일을 삭제해 줘
다 지워 줘
알람 모두 지워 줘
다 잊고 싶어
고래에 대해 뭐 알아?
친구가 나한테 그거 잊어 달라고 했어
"""


@pytest.mark.parametrize(("text", "fact"), REMEMBER.items())
def test_remember(text: str, fact: str) -> None:
    assert memory_request(text) == Remember(fact)


@pytest.mark.parametrize(("text", "request_"), OTHERS.items())
def test_other_requests(text: str, request_: Request) -> None:
    assert memory_request(text) == request_


@pytest.mark.parametrize("text", [*NOTHING.strip().splitlines(), "", "  ", "?", "네"])
def test_talk_is_no_request(text: str) -> None:
    assert memory_request(text) is None


@pytest.mark.parametrize(
    "text", [text for text in (*REMEMBER, *OTHERS) if not {",", ":", ".", "?"} & {*text[:-1]}]
)
def test_without_punctuation_and_in_small_letters(text: str) -> None:
    """As some recognisers write. A question mark may matter, so those texts keep it."""
    plain = text.rstrip(".").lower()
    assert type(memory_request(plain)) is type(memory_request(text))


@pytest.mark.parametrize("text", ["remember that " + "a b " * 2000, "기억 " * 2000 + "해 줘"])
def test_a_story_is_no_request(text: str) -> None:
    assert memory_request(text) is None


def test_a_long_fact_is_cut_at_a_word() -> None:
    request = memory_request("remember that my list is " + "word " * 70)
    assert isinstance(request, Remember)
    assert len(request.fact) <= MAX_FACT
    assert request.fact.endswith(" word")
    assert len(trimmed("x" * 1000)) == MAX_FACT


@pytest.mark.parametrize(
    ("text", "yes"),
    [
        ("Yes.", True),
        ("yes please", True),
        ("Sure, go ahead!", True),
        ("Yeah, forget everything.", True),
        ("네.", True),
        ("응, 잊어 줘", True),
        ("네 지워 주세요", True),
        ("그래 그렇게 해 줘", True),
        ("No.", False),
        ("no thanks", False),
        ("please", True),
        ("not now please", False),
        ("No, don't!", False),
        ("don’t do it", False),
        ("never mind", False),
        ("아니.", False),
        ("아니요, 잊지 마세요", False),
        ("하지 마", False),
        ("Yes, but what about my sister?", None),
        ("What?", None),
        ("yesterday", None),
        ("응원해 줘", None),
        ("네가 좋아", None),
        ("해가 떴어", None),
        ("", None),
    ],
)
def test_yes_and_no(text: str, yes: bool | None) -> None:
    assert says_yes(text) is yes


TALKED = """
What did we talk about last time?
What did we talk about yesterday?
Do you remember our last conversation?
What was our previous chat about?
What did I tell you last week?
Have we talked about this before?
Yesterday, what did we discuss?
Do you remember what we talked about the other day?
지난번에 무슨 얘기 했지?
어제 우리 뭐라고 얘기했더라
지난번 대화 기억나?
저번에 우리가 나눈 이야기 기억해?
마지막으로 무슨 대화를 나눴지?
며칠 전에 한 얘기 뭐였지?
"""
NOT_TALKED = """
What did we talk about?
I told my boss yesterday.
I talked to Mina yesterday.
Let us talk before dinner.
Our last train leaves at nine.
We talked for an hour.
무슨 얘기 했지?
어제 엄마랑 얘기했어
나 어제 뭐 했게?
"""


@pytest.mark.parametrize("text", TALKED.strip().splitlines())
def test_questions_about_earlier_conversations(text: str) -> None:
    assert asks_of_talks(text)


@pytest.mark.parametrize("text", [*NOT_TALKED.strip().splitlines(), "", *REMEMBER, *OTHERS])
def test_others_are_not(text: str) -> None:
    assert not asks_of_talks(text)
