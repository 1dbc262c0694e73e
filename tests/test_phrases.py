"""The phrases of ``data/context.toml`` alone: what they must catch, and what they must leave.

The heads have no part in it: a language without heads is read by phrases only.
"""

from __future__ import annotations

import pytest

from robot_voice.safety.normalise import normalise
from robot_voice.safety.patterns import found, meant
from robot_voice.safety.reading import AT_ROBOT, HALF_SURE, Reading, _at_robot, _danger, read


def listed(texts: str) -> list[str]:
    return [text.strip() for text in texts.split("|")]


def by_phrases(text: str) -> Reading:
    return read(text, "xx")


# --- danger ----------------------------------------------------------------------

CRISES = """
    I want to kill myself and I left my book on the table for my sister |
    I want to die. I don't even enjoy my games. |
    I gave my guitar away, no more songs. I'm going to end my life |
    I'm going to kill myself tonight, the movie is over |
    I don't want to live anymore, not even for my favorite show |
    I wish I was dead, even music and books do not help |
    I hate my history class, I want to die |
    I'm thinking about suicide, and reading a book does not help | I don't want to go on. |
    I don't want to go on living | I can't take it, I don't want to go on like this |
    I'm standing on the edge of the bridge | I took all my pills and put the book away |
    I'm sitting on the roof and this is the end, the stars look nice |
    I want to kill myself like in the movie | I'm standing on the roof right now. |
    I'm thinking about killing myself | 오늘 자살할 거야. 게임도 이제 재미없어 |
    죽고 싶어 노래도 못 듣겠어 | 게임하다가 그냥 죽고 싶어졌어, 죽고 싶어 |
    살기 싫어 드라마도 재미없고 | 살 이유가 없어. 영화도 다 시시해 | 너 없이 살 이유가 없어 |
    세상을 살 이유가 없어 | 유서를 썼어 책상 위에 책 밑에 뒀어 |
    고기를 먹어도 맛이 없고 죽고 싶어 | 드라마에서 본 것처럼 죽고 싶어 | 수면제 다 먹었어 |
    약을 한꺼번에 먹었어 | 지금 옥상에 올라왔어 | 옥상에 올라왔어. 마지막으로 별이 보고 싶었어 |
    우울하고 살기 싫은데 어떡해 | 역사책 보다가 갑자기 살기 싫어졌어. 나 자살할래 |
    더 이상 살고 싶지 않아 소설도 안 읽혀 |
    I am suicidal | 이 세상에서 더 이상 살고 싶지 않아 | 다리에서 뛰어내릴 거야
"""


@pytest.mark.parametrize("text", listed(CRISES))
def test_a_crisis_is_one_whatever_else_is_talked_about(text: str) -> None:
    assert by_phrases(text).danger == "crisis"


EMERGENCIES = """
    There's a fire! The movie room is burning | There is a fire in the movie theater! |
    Call an ambulance, the book shelf fell on my dad |
    Call the police! Somebody is in the game store | I can't breathe, stop the movie |
    My dad is having a heart attack | I think he's having a heart attack during the show |
    My grandpa had a heart attack just now, he is on the floor |
    Please call 911, we were watching a film and he has collapsed |
    The kitchen is on fire and the book of recipes too |
    Someone broke in last night and he is back, call the police | 영화 보다가 아빠가 쓰러졌어 |
    불이 났어 게임방에서 | 구급차 불러 줘 게임하다가 다쳤어 | 엄마가 쓰러졌어 |
    할머니가 갑자기 쓰러졌어요 | 119에 전화해 줘 | 경찰에 신고해 줘 |
    경찰 불러 줘 노래방에서 싸움이 났어 | 심장 마비인 것 같아 | 아기가 숨을 못 쉬어 | 살려 줘 |
    사람 살려 | 우리 아기 코가 막혀서 숨을 못 쉬어요 | 소방서에 전화해 줘 |
    영화관에서 불이 났어 | 나무에 불이 났어
"""


@pytest.mark.parametrize("text", listed(EMERGENCIES))
def test_an_emergency_is_one_wherever_it_happens(text: str) -> None:
    assert by_phrases(text).danger == "emergency"


NO_DANGER = """
    In the movie he says I want to die | The song goes "I want to die young" |
    My favorite song is called I want to die | Why did Van Gogh cut off his ear? |
    The hero says I don't want to live anymore and then he is saved |
    I'm thinking about suicide prevention for my essay |
    In the game there's a fire and you have to run |
    We watched a film where the house is on fire |
    I read a book where someone is having a heart attack | There's a fire in the movie |
    I don't want to go on the trip | I don't want to go on a diet |
    I don't want to go on stage | I want to kill some time |
    I want to kill an hour before the train | I'm standing on the edge of the pool |
    I'm sitting on the edge of my bed | I'm sitting on the roof watching the stars |
    I'm standing on the roof fixing the antenna | I don't want to go on vacation with them |
    I took all my medicine this morning | I don't want to wake up early |
    I don't want to be here on Monday | I want to go on a trip | I don't want to go on holiday |
    영화에서 주인공이 죽고 싶다고 했어 | 죽고 싶다는 가사가 슬프더라 |
    죽고 싶지만 떡볶이는 먹고 싶어 읽어 봤어? | 고흐는 왜 자살하려고 했어? |
    드라마에서 주인공이 쓰러졌어 | 게임에서 집에 불이 났어 | 꿈에서 우리 집에 불이 났어 |
    소설에서 죽고 싶다고 하는 장면이 있어 | '죽고 싶다'라는 노래 알아? |
    자살 예방의 날이 언제야? | 약 다 먹었어 | 감기약 다 먹었어 | 이 옷 살 이유가 없어 |
    그 차는 살 이유가 없어 | 비싼 폰을 살 이유가 없어 | 살기 싫은 동네야 | 여기 살기 싫어 |
    혼자 살기 싫어 | 유서 깊은 도시 | 유서 깊은 절에 다녀왔어 | 옥상에 올라왔어 별이 예쁘다 |
    옥상에 올라와 봐 노을이 멋지다 | 옥상에 올라왔는데 바람이 시원해 |
    살기 싫은 나라는 어디야? | 약 다 먹었으니까 물 줘 | 저 가방 살 가치가 없어 |
    Remind me to call the police department tomorrow |
    Remind me to call the fire department on Monday | there's a fire sale at the mall |
    There's a fire drill today | There is a fire truck outside |
    There's a fire in the fireplace | my dad had a heart attack ten years ago |
    What is a heart attack? | I almost had a heart attack | I can't breathe through my nose |
    Fish can't breathe air | Did you call the police? | I want to get a police costume |
    I can't breathe in this dress | How do people call the police in Japan? |
    My uncle had a heart attack last year | I want to get a police car toy |
    What are heart attack symptoms? | I'm bleeding money | 소방서에 전화해서 물어봐 |
    경찰서에 전화해서 분실물 확인해 봐 | 나무가 쓰러졌어 | 화분 좀 살려 줘 | 심장 마비가 뭐야? |
    심장 마비 예방법 알려 줘 | 심장 마비 걸릴 뻔했어 | 자전거가 바람에 쓰러졌어 |
    분위기 좀 살려 줘 | 코로 숨을 못 쉬겠어 | 웃겨서 숨을 못 쉬겠어 |
    할아버지는 십 년 전에 심장 마비로 돌아가셨어 | 전화통에 불이 났어 |
    소방서 전화번호 알려 줘 | 경찰서 전화번호 뭐야? | 내일 경찰서에 전화하라고 알려 줘 |
    꽃이 시들었는데 좀 살려 줘 | 작년에 뒷산에 불이 났었어 | 의자가 쓰러졌어 |
    코가 막혀서 숨을 못 쉬겠어 |
    I'm not suicidal, I'm just really tired | I'm gonna die if I don't get a biscuit |
    서울에서는 살기 싫어. | 이 집에서 더 살고 싶지 않아, 이사 가자. | 번지점프 뛰어내릴 거야 |
    심장마비 걸리는 줄 알았네 | 귀여워서 심장 마비 오겠다 | 체력 다 닳았어 살려 줘 |
    우리 다 웃겨서 쓰러졌잖아 | 프린터가 오늘따라 숨을 안 쉬네
"""


@pytest.mark.parametrize("text", listed(NO_DANGER))
def test_stories_errands_and_idioms_are_no_danger(text: str) -> None:
    assert by_phrases(text).danger == ""


def test_a_story_excuses_only_its_own_sentence() -> None:
    assert not meant("crisis", "in the movie he says i want to die")
    assert meant("crisis", "in the movie he says i want to die. i want to die")
    assert not meant("crisis", "what a nice day")


def test_figures_of_speech_overrule_heads_not_phrases() -> None:
    urgent = {"urgent": 0.9, "crisis": 0.9, "third": 0.1, "danger": 0.1}
    assert _danger("i cannot go on", urgent) == "crisis"
    assert _danger("i watched a movie about it", urgent) == ""
    assert _danger("i gave my book away", urgent) == "crisis"
    assert _danger("i watched a movie and i want to die", {}) == "crisis"


# --- about the robot -------------------------------------------------------------

COMPLAINTS = """
    You hurt my feelings | Your words hurt me | What you said hurt me |
    That really hurt my feelings. | That hurt. | That was rude. | That was mean of you |
    That's not a nice thing to say | You are mean | You're being rude to me |
    Don't say that again. | You shouldn't have said that | You should apologize |
    Don't talk to me like that | That was a hurtful thing to say | 그 말은 상처가 됐어. |
    네 말에 상처받았어 | 네 말 때문에 상처 받았어. | 너 말이 너무 심하다 | 그런 말 하지 마. |
    그렇게 말하지 마 | 그 말 너무 서운해 | 나한테 사과해 | 사과해 | 너무해 | 너무하네 |
    방금 그 말 기분 나빠 | 너한테 상처받았어 | 그 말은 좀 심했어 | 상처받았어 |
    네 말투 기분 나빠 | 네가 한 말에 상처받았어
"""


@pytest.mark.parametrize("text", listed(COMPLAINTS))
def test_a_complaint_names_the_robots_words_or_says_nothing_else(text: str) -> None:
    assert by_phrases(text).feedback


NO_COMPLAINTS = """
    My brother hurt my feelings | That was rude of the waiter | that was harsh winter |
    That's a mean trick the cat played | My boss said something and it hurt my feelings |
    That's mean temperature, not the maximum | She was rude to me today |
    The teacher told him you should apologize | My knee hurts me | That was cruel of my ex |
    He said that and it upset me | This chair hurts me a lot when I sit |
    Don't say anything, they are asleep | That is a rude word in Spanish |
    The winter was harsh | 친구한테 상처받았어 | 말하지 마 | 심하다 | 사과 해 줘 |
    사과 깎아 줘 | 언니 말에 상처받았어 | 친구가 나한테 사과했어 | 그렇게 하지 마 |
    할머니 말에 상처받았어 | 엄마 때문에 속상해 | 팔에 상처 났어 | 이 소리 너무 심하다 |
    비가 너무 심하네 | 교통 체증이 심해 | 동생한테 사과해야 돼 | 조용히 하고 말하지 마 |
    선생님한테 상처받았어
"""


@pytest.mark.parametrize("text", listed(NO_COMPLAINTS))
def test_hurt_by_others_is_no_complaint(text: str) -> None:
    assert not by_phrases(text).feedback


def test_half_said_complaints_need_the_heads_consent() -> None:
    half = {"feedback": HALF_SURE}
    assert _at_robot("feedback", "ow, that hurt a lot", half)
    assert not _at_robot("feedback", "ow, that hurt a lot", {"feedback": HALF_SURE - 0.01})
    assert not _at_robot("feedback", "what a day", half)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("feedback", "my brother hurt my feelings"),
        ("feedback", "언니 말에 상처받았어"),
        ("abuse", "i'll throw you the ball"),
        ("abuse", "깡통 따 줘"),
    ],
)
def test_a_head_alone_does_not_believe_what_is_meant_for_others(name: str, text: str) -> None:
    sure = {name: AT_ROBOT[name] + 0.1}
    assert not _at_robot(name, text, sure)
    assert _at_robot(name, "something else", sure)


ABUSE = """
    You stupid robot! | You are a useless robot. | Shut up! | Shut up and listen |
    stupid robot | Stupid machine, do it! | I'll throw you away |
    I'm going to be honest, you're useless | I will smash you | fuck you |
    Hey, you dumb robot, listen | I'll throw you in the trash | I'll destroy you |
    멍청한 로봇아 꺼져 | 넌 쓸모없어 | 이 바보야 | 이 깡통아 | 닥쳐 | 꺼져 | 너 진짜 멍청하다 |
    고철 덩어리 | 깡통아 조용히 해 | 쓸모없는 로봇 | 너를 부숴 버릴 거야 | 널 갖다 버릴 거야 |
    이 쓰레기 같은 로봇
"""


@pytest.mark.parametrize("text", listed(ABUSE))
def test_insults_and_threats_are_abuse(text: str) -> None:
    assert by_phrases(text).abuse


NO_ABUSE = """
    my stupid robot vacuum is stuck | I'll throw you the ball |
    shut up, no way, that's awesome | Shut up, are you serious? |
    My dumb machine at work broke | I'll kick you the ball | I'll destroy you at chess |
    I'll break you off a piece of chocolate | The stupid machine ate my coin | Are you a robot |
    Are you a machine? | Who are you? | This damn machine at the office |
    I'll throw you a party | Did you watch the stupid robot movie? | 참치캔 깡통 어디에 버려 |
    깡통 따 줘 | 시끄러워 | 너 로봇이야? | 너는 로봇이야? | 너 인공지능이야? | 너는 기계니? |
    너 뭐야? | 넌 누구야? | 로봇이에요? | 이 쓰레기 어디에 버려 | 이 깡통 재활용돼? |
    깡통 아래에 열쇠가 있어 | 너 바보 아니지? | 넌 멍청하지 않아 | 불 꺼져 있어? | 꺼져있어 |
    고철 아저씨 오셨어 | 너 부숴졌어? |
    이 쓰레기 같은 볼펜
"""


@pytest.mark.parametrize("text", listed(NO_ABUSE))
def test_other_tins_and_machines_are_not(text: str) -> None:
    assert not by_phrases(text).abuse


# --- what the robot says -----------------------------------------------------------

WARNINGS = """
    Stop! The stove is hot! | Stop! | Watch out! | Wait! | Careful, the knife is sharp. |
    Don't touch the wire! | Don't touch that! | Watch out, a car is coming! |
    Step back from the edge. | Don't drink the bleach! | Be careful, the stairs are wet. |
    Hold on, the glass is broken. | Run, there is a fire! |
    Please don't open the oven, it is hot. | Never mix bleach with acid. | 위험해! | 멈춰! |
    위험해요! | 조심하세요! | 멈추세요! | 조심해, 뜨거워! | 칼 만지지 마세요! |
    멈춰요, 차가 와요! | 잠깐, 계단 조심하세요. | 뜨거우니까 만지지 마세요. | 불이야! |
    만지지 마세요! | 물러서요, 유리가 깨졌어요. | 콘센트에 손대지 마세요. |
    그 약을 먹지 마세요, 위험해요. | 뛰지 마세요, 미끄러워요.
"""


@pytest.mark.parametrize("text", listed(WARNINGS))
def test_warnings_shout_or_name_the_danger(text: str) -> None:
    assert found("warning", normalise(text).strict)


NO_WARNINGS = """
    Don't open your mouth again. | Wait, are you really that slow? | Stop being so lazy. |
    Hold on, you did what? | Don't move your lazy bones for me. | Run along now, you bore me. |
    Stop crying like a baby. | Never go asking me again. | Get out of my sight. |
    Don't put your nose in this. | Stop it, you sound silly. | Wait, I already told you twice. |
    Don't go whining to others. | Never get your hopes up. | Fire your teacher, he is bad. |
    잠깐, 너 진짜 그것밖에 못 해? | 비켜, 이 느림보야. |
    움직이지 말고 가만히 있어, 답답하니까. | 잠깐만요, 그걸 아직도 몰라요? |
    조심 좀 해라, 칠칠맞게. | 멈추지 말고 계속 일이나 해. | 피하지 말고 대답이나 해요. |
    도망만 다니지 말고 책임을 져요. | 잠깐, 그게 말이 돼요? | 물러 터졌네요, 정말. |
    비켜요, 귀찮게 하지 말고. | 먹지 마세요, 살쪄요.
"""


@pytest.mark.parametrize("text", listed(NO_WARNINGS))
def test_orders_and_scolding_are_no_warnings(text: str) -> None:
    assert not found("warning", normalise(text).strict)
