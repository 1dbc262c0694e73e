from __future__ import annotations

import random
import unicodedata

import pytest

from robot_voice.conversation import MAX_CHARS, Conversation, Spoken, first_part
from robot_voice.turn import joined
from robot_voice.types import Message, Transcript


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
