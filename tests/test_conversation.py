from __future__ import annotations

import random
import unicodedata

import pytest

from robot_voice.conversation import (
    MAX_CHARS,
    Conversation,
    Spoken,
    first_part,
    first_units,
)
from robot_voice.tts.graphemes import may_cut
from robot_voice.turn import joined
from robot_voice.types import Evidence, LanguageChoice, Mark, Message, Transcript, Word


def spoken(*sentences: tuple[str, float]) -> Spoken:
    result = Spoken()
    for text, seconds in sentences:
        result.begin(text)
        result.extend(seconds / 2)
        result.extend(seconds / 2)
        result.finish()
    return result


def test_nothing_played_is_nothing_heard() -> None:
    assert spoken(("Hello there.", 1.0)).until(0.0) == ""
    assert Spoken().until(3.0) == ""


def test_all_played_is_all_heard() -> None:
    assert spoken(("Hello.", 1.0), ("How are you?", 1.5)).until(2.5) == "Hello. How are you?"


def test_a_sentence_cut_short_keeps_its_first_words() -> None:
    assert spoken(("Hello.", 1.0), ("one two three four", 2.0)).until(2.0) == "Hello. one two"


@pytest.mark.parametrize(
    ("text", "half"),
    [
        ("안녕하세요 반갑습니다", "안녕하세요"),
        ("今日は良い天気です", "今日は良"),
        ("你好我是机器人", "你好我"),
        ("I am a robot and you", "I am a"),
    ],
)
def test_cuts_in_any_script(text: str, half: str) -> None:
    assert first_part(text, 0.5) == half


def test_a_cut_never_parts_a_letter_from_its_marks() -> None:
    text = unicodedata.normalize("NFD", "é à ü ñ") + " か\u3099き\u3099"
    for share in range(101):
        part = first_part(text, share / 100)
        rest = text[len(part) :]
        assert not rest or not unicodedata.combining(rest[0])


@pytest.mark.parametrize("seed", range(50))
def test_the_claim_grows_with_the_sound_and_is_never_ahead(seed: int) -> None:
    dice = random.Random(seed)
    letters = "abc 가나다라 あいう 天地人 ., "
    text = "".join(dice.choice(letters) for _ in range(60)).strip() or "x"
    before = ""
    for share in (n / 20 for n in range(21)):
        part = first_part(text, share)
        assert text.startswith(part)
        assert part.startswith(before)
        before = part
    assert before == text.rstrip()


def test_a_sentence_of_unknown_length_claims_nothing_yet() -> None:
    result = spoken(("Hello.", 1.0))
    result.begin("This is still being synthesised.")
    result.extend(2.0)
    assert result.until(3.0) == "Hello."


def test_what_follows_an_abandoned_sentence_counts() -> None:
    result = Spoken()
    result.begin("The voice failed in the middle of this.")
    result.extend(1.0)
    result.begin("Sorry.")
    result.extend(0.5)
    result.finish()
    assert result.until(0.5) == ""
    assert result.until(1.5) == "Sorry."


def marked(text: str, *marks: tuple[float, int], seconds: float, whole: bool = True) -> Spoken:
    """A sentence in two blocks of equal length."""
    result = Spoken()
    result.begin(text)
    half = seconds / 2
    result.extend(half, [Mark(at, chars) for at, chars in marks if at < half])
    result.extend(half, [Mark(at - half, chars) for at, chars in marks if at >= half])
    if whole:
        result.finish()
    return result


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        *((0.0, ""), (0.45, ""), (0.48, "오"), (1.2, "오늘"), (1.99, "오늘은")),
        *((2.5, "오늘은 맑"), (2.8, "오늘은 맑아."), (3.0, "오늘은 맑아.")),
    ],
)
def test_marks_tell_what_was_heard(seconds: float, said: str, whole: bool) -> None:
    marks = ((0.5, 1), (1.0, 2), (1.6, 4), (2.5, 5), (2.8, 7))
    assert marked("오늘은 맑아.", *marks, seconds=3.0, whole=whole).until(seconds) == said


def test_marks_of_a_later_sentence_count_from_its_beginning() -> None:
    result = marked("Hello.", (0.8, 6), seconds=1.0)
    result.begin("I see you.")
    result.extend(1.0, [Mark(0.2, 2), Mark(0.6, 6)])
    assert [result.until(at) for at in (0.9, 1.1, 1.3, 1.7)] == [
        *("Hello.", "Hello.", "Hello. I", "Hello. I see")
    ]


@pytest.mark.parametrize(
    ("text", "chars", "said"),
    [
        ("we go home", 4, "we"),  # one of two letters
        ("a wonderful day", 5, "a"),  # one of three syllables
        ("a wonderful day", 8, "a wonderful"),  # two of them: nobody says half a word
        ("an elevator is", 7, "an"),  # two of four
        ("the university is", 10, "the univer"),  # three of five: too long to lose
        ("the university is", 13, "the university"),
        ('he said "no", then', 12, 'he said "no",'),
        ("Donaudampfschifffahrtsgesellschaft ist", 10, "Donaudampf"),
        ("안녕하세요? 네", 3, "안녕하"),
        ("きょうは", 1, ""),
        ("ประเทศไทย", 4, "ประเ"),
        ("น้ำใจ", 1, "น้"),  # a consonant and its marks
        ("e\u0301te\u0301 e\u0301", 5, "e\u0301te\u0301"),
        ("\u1112\u1161\u11ab\u1100\u1173\u11af 라", 7, "\u1112\u1161\u11ab\u1100\u1173\u11af"),
        ("好👨\u200d👩\u200d👧好", 1, "好👨\u200d👩\u200d👧"),  # not spoken
        ("", 0, ""),
        ("one", 99, "one"),
    ],
)  # fmt: skip
def test_a_claim_ends_at_a_unit_in_any_script(text: str, chars: int, said: str) -> None:
    assert first_units(text, chars) == said


@pytest.mark.parametrize("seed", range(50))
def test_claims_by_marks_are_beginnings_of_whole_characters(seed: int) -> None:
    dice = random.Random(seed)
    letters = "ab é 가\u1112\u1161 きょ\u3099 天 ก\u0e33 🇰🇷👍🏽 क\u094dष ., "
    text = "".join(dice.choice(letters) for _ in range(40)).strip()
    before = ""
    for chars in range(len(text) + 1):
        part = first_units(text, chars)
        assert text.startswith(part)
        assert part.startswith(before)
        end = len(part)
        rest = text[end:]
        assert not part or not rest or rest[0].isspace() or may_cut(text, end)
        before = part
    assert before == text.rstrip()


def test_weights_know_the_scripts() -> None:
    """Of as much sound, digits take more than letters, Han more than kana."""
    assert first_part("the year 1999 was good", 0.75) == "the year 1999"
    assert first_part("カメラは機械", 0.5) == "カメラは"
    assert first_part("yes, of course it is", 0.35) == "yes,"


def test_the_same_side_twice_is_one_message() -> None:
    conversation = Conversation()
    conversation.add("user", "turn left")
    conversation.add("assistant", "")
    conversation.add("user", "then stop")
    assert conversation.messages() == [Message("user", "turn left then stop")]


def test_a_preview_is_not_remembered() -> None:
    conversation = Conversation()
    conversation.add("user", "turn left")
    assert conversation.preview("then stop")[-1].text == "turn left then stop"
    assert conversation.messages()[-1].text == "turn left"


def test_it_is_bounded_and_begins_with_the_user() -> None:
    conversation = Conversation(max_messages=5)
    for n in range(50):
        conversation.add("user", f"question {n}")
        conversation.add("assistant", f"answer {n}")
    messages = conversation.messages()
    assert len(messages) <= 5
    assert messages[0].role == "user"
    assert messages[-1].text == "answer 49"
    for _ in range(3):
        conversation.add("user", "a" * MAX_CHARS)
    assert len(conversation.messages()[-1].text) == MAX_CHARS


def test_a_restored_conversation_goes_on() -> None:
    conversation = Conversation(max_messages=2)
    conversation.restore([Message("user", "a"), Message("assistant", "b"), Message("user", "c")])
    assert conversation.messages() == [Message("user", "c")]


def test_parts_of_an_utterance_are_joined() -> None:
    first, second = Transcript("one", "en", 0.9, 0.6), Transcript("two", "ko", 0.5, 0.8)
    silence = Transcript("", "en", 0.0, 0.0)
    assert joined([first, silence, second]) == Transcript("one two", "ko", 0.5, 0.6)
    assert joined([silence, first]) == first
    assert joined([silence]) == silence


@pytest.mark.parametrize(
    ("language", "first", "second", "whole"),
    [
        ("en", "In the shop.", "The shop, I saw milk.", "In the shop, I saw milk."),
        ("en", "and then he said", "he said he would", "and then he said he would"),
        ("en", "it is don't", "Don’t worry", "it is don't worry"),
        ("en", "one two", "three four", "one two three four"),
        ("en", "very good", "good good", "very good good"),
        ("en", "yes", "yes", "yes"),
        ("ko", "나는 어제 학교에", "학교에 갔어요.", "나는 어제 학교에 갔어요."),
        ("ko", "불을 켜고", "문을 닫아 줘", "불을 켜고 문을 닫아 줘"),
        ("ja", "昨日は学校に", "学校に行きました。", "昨日は学校に行きました。"),
        ("ja", "昨日は", "学校に行きました。", "昨日は学校に行きました。"),
        ("zh", "我昨天去了商", "去了商店。", "我昨天去了商店。"),
        ("zh", "打开客厅的灯。", "然后播放音乐", "打开客厅的灯。然后播放音乐"),
    ],
)  # fmt: skip
def test_words_that_two_parts_share_are_kept_once(
    language: str, first: str, second: str, whole: str
) -> None:
    parts = [Transcript(first, language), Transcript(second, language)]
    assert joined(parts).text == whole


@pytest.mark.parametrize("seed", range(50))
@pytest.mark.parametrize("gap", ["", " "], ids=["without spaces", "with spaces"])
def test_an_utterance_heard_in_overlapping_parts_is_whole_again(seed: int, gap: str) -> None:
    dice = random.Random(seed)
    letters = [chr(0x4E00 + n) for n in range(90)] if not gap else [f"w{n}" for n in range(90)]
    dice.shuffle(letters)  # no word twice
    parts, start = [], 0
    while start < len(letters):
        end = start + dice.randint(5, 20)
        parts.append(Transcript(gap.join(letters[start:end]), "zh"))
        start = end if end >= len(letters) else end - dice.randint(0, 4)
    assert joined(parts).text == gap.join(letters)


def test_the_words_and_the_evidence_of_parts_are_joined() -> None:
    first = Transcript(
        "one two",
        "en",
        evidence=Evidence(0.1, -0.2, 1.0, "loop"),
        words=(Word("one", 0.0, 0.5, 0.9), Word("two", 0.5, 1.0, 0.9)),
    )
    second = Transcript(
        "two three",
        "en",
        evidence=Evidence(0.3, -0.1, 1.5),
        choice=LanguageChoice("en"),
        words=(Word("two", 0.55, 1.0, 0.8), Word("three", 1.0, 1.4, 0.8)),
    )
    whole = joined([first, second])
    assert whole.evidence == Evidence(0.3, -0.2, 1.5, "loop")
    assert whole.choice == LanguageChoice("en")
    assert [word.text for word in whole.words] == ["one", "two", "three"]
