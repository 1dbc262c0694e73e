"""Korean in words: numerals, counters, times, money, units, letters, signs."""

from __future__ import annotations

import random

import pytest

from robot_voice.traced import Traced
from robot_voice.tts.wording.korean import read

SPOKEN = {
    "numbers": """
0 = 영
16 = 십육
111 = 백십일
1,234,567 = 백이십삼만 사천오백육십칠
10000 = 만
10001 = 만 일
110000 = 십일만
100000000 = 일억
2억 3천만 = 이억 삼천만
1만 5천 = 만 오천
3만5천 = 삼만오천
3.14 = 삼 점 일사
0.5 = 영 점 오
2.05 = 이 점 영오
007 = 공공칠
-3 = 마이너스 삼
1, 2, 3 = 일, 이, 삼
12345678901234567890123 = 일이삼사오육칠팔구공일이삼사오육칠팔구공일이삼
① 준비 = 일 준비
""",
    "native counters": """
사과 3개 = 사과 세 개
20개 = 스무 개
21개 = 스물한 개
99개 = 아흔아홉 개
100개 = 백 개
101마리 = 백한 마리
고양이 2 마리 = 고양이 두 마리
학생 4명 = 학생 네 명
13살 = 열세 살
20살 = 스무 살
책 6권 = 책 여섯 권
커피 2잔 = 커피 두 잔
물 1병 = 물 한 병
종이 10장 = 종이 열 장
1달 = 한 달
12시간 = 열두 시간
2가지 방법 = 두 가지 방법
3군데 = 세 군데
나무 7그루 = 나무 일곱 그루
신발 8켤레 = 신발 여덟 켤레
젓가락 1쌍 = 젓가락 한 쌍
집 2채 = 집 두 채
꽃 11송이 = 꽃 열한 송이
3번 반복했어요 = 세 번 반복했어요
두 배, 3배 = 두 배, 세 배
1번째 = 첫 번째
2번째 = 두 번째
21번째 = 스물한 번째
손님 3분 = 손님 세 분
4문제 = 네 문제
2~3명 = 두세 명
1~2개 = 한두 개
3~5개 = 세 개에서 다섯 개
4-6명 = 네 명에서 여섯 명
""",
    "Chinese counters": """
3층 = 삼 층
5분 = 오 분
3개월 = 삼 개월
2학년 = 이 학년
6인분 = 육 인분
1주일 = 일 주일
20대 = 이십 대
3번 출구 = 삼 번 출구
2번 답은 = 이 번 답은
고3이 = 고삼이
중2병 = 중이병
25번 = 이십오 번
1번을 누르세요 = 일 번을 누르세요
302호 = 삼백이 호
24시간 = 이십사 시간
3세 = 삼 세
1박 2일 = 일박 이일
2분의 1 = 이 분의 일
제3회 = 제삼회
제 2장 = 제이장
7달러 = 칠 달러
3~5분 = 삼에서 오 분
3-5분 = 삼에서 오 분
1인당 2개 = 일 인당 두 개
1.5배 = 일 점 오 배
4개국어 = 사 개국어
""",
    "times and dates": """
3시 = 세 시
오후 3시 30분 = 오후 세 시 삼십 분
15시 = 십오 시
0시 = 영 시
15:30 = 십오 시 삼십 분
3:05 = 세 시 오 분
오전 7:00 = 오전 일곱 시
00:30 = 영 시 삼십 분
10:20:30 = 열 시 이십 분 삼십 초
3시 반 = 세 시 반
3pm = 오후 세 시
9:30 a.m. = 오전 아홉 시 삼십 분
9~11시 = 아홉 시에서 열한 시
3시~5시 = 세 시에서 다섯 시
2시간 30분 = 두 시간 삼십 분
2024. 5. 3. 예정 = 이천이십사년 오월 삼일 예정
2024-05-03 = 이천이십사년 오월 삼일
2024/5/3 = 이천이십사년 오월 삼일
2024년 5월 3일 = 이천이십사년 오월 삼일
1999년 12월 31일 = 천구백구십구년 십이월 삼십일일
6월 6일 = 유월 육일
10월 9일 = 시월 구일
05월 = 오월
5월 3일(금) = 오월 삼일 금요일
5/3(금) = 오월 삼일 금요일
10:30-11:00 = 열 시 삼십 분에서 열한 시
2024~2025년 = 이천이십사년에서 이천이십오년
5.3.(금) = 오월 삼일 금요일
9~10월 = 구월에서 시월
3·1절 = 삼일절
6.25 전쟁 = 육이오 전쟁
24학번 = 이사학번
""",
    "money, shares, sums": """
₩5,000 = 오천 원
5000원 = 오천 원
3만 원 = 삼만 원
1만원 = 만원
1,500원입니다 = 천오백 원입니다
$20 = 이십 달러
$3.50 = 삼 달러 오십 센트
$100만 = 백만 달러
€10 = 십 유로
₩5,000~10,000 = 오천 원에서 만 원
1백만 원 = 백만 원
¥300 = 삼백 엔
25% = 이십오 퍼센트
0.5% = 영 점 오 퍼센트
10~20% = 십에서 이십 퍼센트
3%p = 삼 퍼센트포인트
1/2 = 이분의 일
3/4 = 사분의 삼
½컵 = 이분의 일컵
24/7 운영 = 이십사 시간 칠일 운영
3-2로 이겼어요 = 삼 대 이로 이겼어요
3:2 = 삼 대 이
3대 2로 = 삼 대 이로
스코어 25:23 = 스코어 이십오 대 이십삼
2 + 3 = 이 더하기 삼
5 - 3 = 오 빼기 삼
6 × 7 = 육 곱하기 칠
1+1은 2입니다 = 일 더하기 일은 이입니다
""",
    "units": """
5km = 오 킬로미터
70kg = 칠십 킬로그램
36.5℃ = 삼십육 점 오 도
20°C = 이십 도
영하 5도 = 영하 오 도
-5℃ = 영하 오 도
98℉ = 화씨 구십팔 도
80km/h = 시속 팔십 킬로미터
5m/s = 초속 오 미터
33m² = 삼십삼 제곱미터
16GB = 십육 기가바이트
220V = 이백이십 볼트
90° = 구십 도
300kcal = 삼백 킬로칼로리
""",
    "to dial, to tell apart": """
010-1234-5678 = 공일공 일이삼사 오육칠팔
01012345678 = 공일공일이삼사오육칠팔
02-123-4567 = 공이 일이삼 사오육칠
02)123-4567 = 공이 일이삼 사오육칠
1588-1234 = 일오팔팔 일이삼사
119에 전화하세요 = 일일구에 전화하세요
112나 109 = 일일이나 일공구
109도 있어 = 일공구도 있어
금융감독원 1332와 경찰에 알리세요 = 금융감독원 일삼삼이와 경찰에 알리세요
국방헬프콜 1303에 걸 수 있어 = 국방헬프콜 일삼공삼에 걸 수 있어
1737 상담 전화 = 일칠삼칠 상담 전화
전화 상담 0800 111 0 111 = 전화 상담 공팔공공 일일일 공 일일일
비밀번호가 1234라니 = 비밀번호가 일이삼사라니
예비 번호는 12번 = 예비 번호는 십이 번
1392년에 상담 = 천삼백구십이년에 상담
112번으로 = 일일이번으로
119명 = 백십구 명
112kg = 백십이 킬로그램
v2.1 = 버전 이 점 일
3.2.1 = 삼 점 이 점 일
12-3 = 십이 다시 삼
#1 = 샵 일
""",
    "letters and signs": """
TV = 티브이
TV를 켜 = 티브이를 켜
AI = 에이아이
KBS = 케이비에스
USB = 유에스비
CPU = 씨피유
NASA = 나사
Wi-Fi = 와이파이
OK = 오케이
A형 = 에이형
5G = 파이브지
3D = 쓰리디
A4 용지 = 에이포 용지
R&D = 알앤디
K-팝 = 케이팝
비타민 C = 비타민 씨
U.S.A.는 = 유에스에이는
x축 = 엑스축
코로나19 = 코로나일구
GPT-4 = 지피티 사
Python을 = Python을
I am a robot = I am a robot
HELLO = HELLO
ADHD가 = 에이디에이치디가
한국 vs 일본 = 한국 대 일본
빵 & 우유 = 빵 그리고 우유
a@b = 에이 골뱅이 비
안녕~ = 안녕
ㅋㅋㅋ 좋아 = 크크크 좋아
서울~부산 = 서울에서 부산
""",
}


def _pairs(table: str) -> list[tuple[str, str]]:
    lines = [line.rsplit(" = ", 1) for line in table.strip().splitlines()]
    return [(written, spoken) for written, spoken in lines]


@pytest.mark.parametrize("kind", SPOKEN)
def test_spoken(kind: str) -> None:
    pairs = _pairs(SPOKEN[kind])

    assert {written: read(Traced.of(written)).text for written, _ in pairs} == dict(pairs)


def test_there_are_enough_of_them() -> None:
    assert sum(len(_pairs(table)) for table in SPOKEN.values()) >= 120


def test_sums() -> None:
    assert read(Traced.of("2 + 3 = 5")).text == "이 더하기 삼은 오"
    assert read(Traced.of("7-4=3이에요")).text == "칠 빼기 사는 삼이에요"


def test_sentences() -> None:
    sentences = {
        "오늘은 2024년 11월 21일이고, 영하 3도에서 8도입니다.": (
            "오늘은 이천이십사년 십일월 이십일일이고, 영하 삼 도에서 팔 도입니다."
        ),
        "회의는 오후 2:30에 3층 301호에서 열립니다.": (
            "회의는 오후 두 시 삼십 분에 삼 층 삼백일 호에서 열립니다."
        ),
        "계란 2개, 우유 200ml, 설탕 3큰술을 5분간 저어 주세요.": (
            "계란 두 개, 우유 이백 밀리리터, 설탕 세 큰술을 오 분간 저어 주세요."
        ),
        "상담전화 109번, 청소년 전화 1388로 연락하세요.": (
            "상담전화 일공구번, 청소년 전화 일삼팔팔로 연락하세요."
        ),
        "iPhone 15와 'Hello, world!'": "iPhone 십오와 'Hello, world!'",
    }

    assert {text: read(Traced.of(text)).text for text in sentences} == sentences


def test_every_word_knows_where_it_comes_from() -> None:
    spoken = read(Traced.of("3시에 010-1234-5678로"))

    assert spoken.text == "세 시에 공일공 일이삼사 오육칠팔로"
    assert spoken.over(len("세 시")) == len("3시")
    assert spoken.over(len("세 시에 공일공")) == len("3시에 010")
    assert spoken.over(len("세 시에 공일공 일이")) == len("3시에 010-12")
    assert spoken.over(len(spoken.text)) == len("3시에 010-1234-5678로")


def test_offsets_never_go_back_and_nothing_is_left_to_read() -> None:
    random_ = random.Random(6)
    pieces = [line.split(" = ")[0] for table in SPOKEN.values() for line in table.split("\n")]
    pieces += [*"0123456789 .,:/-~%+=()₩$①½원개시분월일번대만억ab", "안녕", "TV", "km"]
    for _ in range(500):
        text = "".join(random_.choices(pieces, k=random_.randrange(12)))
        spoken = read(Traced.of(text))
        over = [spoken.over(count) for count in range(len(spoken.text) + 1)]
        assert over == sorted(over)
        assert over[-1] <= len(text)
        assert not any(char in "0123456789%~=①½₩" for char in spoken.text), text
