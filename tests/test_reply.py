"""From the model's words to what is said: the order of things, and what happens when one fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field

import pytest

from robot_voice.errors import LlmError, SafetyError
from robot_voice.reply import MOST_REWRITTEN, reply
from robot_voice.stages import Mind
from robot_voice.types import Draft, Message, SafeText, Stream, Transcript

WORDS = Transcript("hello", "en")
HELLO = [Message("user", "hello")]
TEMPLATE = "Let me be kind."


@dataclass
class Model:
    """A mind of which every step is written down."""

    says: Sequence[str] = ("Good morning.",)
    """The tokens. "!" fails."""
    again: Sequence[str] | None = None
    """The tokens when it is asked for a sentence again."""
    fixed: str = ""
    adds: str = ""
    log: list[str] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)

    def mind(self) -> Mind:
        return Mind(
            generate=lambda messages, language: self._stream("model", self.says),
            reply_language=lambda transcript: transcript.language,
            screen=self._screen,
            answer=self._answer,
            rewrite=None if self.again is None else self._rewrite,
            closing=lambda language: SafeText(self.adds, language) if self.adds else None,
            prepare=self._prepare,
        )

    def _rewrite(self, draft: Draft) -> Stream[str]:
        return self._stream("again", self.again or ())

    @asynccontextmanager
    async def _stream(self, name: str, tokens: Sequence[str]) -> AsyncGenerator[AsyncIterator[str]]:
        async def given() -> AsyncIterator[str]:
            for token in tokens:
                if token == "!":
                    raise LlmError("failed")
                self.log.append(f"{name}: {token}")
                yield token

        self.log.append(f"{name} begins")
        try:
            yield given()
        finally:
            self.log.append(f"{name} ends")

    async def _screen(self, draft: Draft) -> SafeText:
        self.drafts.append(draft)
        if "broken" in draft.text:
            raise SafetyError("broken")
        if "bad" in draft.text:
            return SafeText("No.", draft.language, "replace", "insult")
        if "rude" in draft.text:
            action = "replace" if draft.again else "soften"
            return SafeText(TEMPLATE, draft.language, action, "hurt")  # type: ignore[arg-type]
        if draft.again:
            return SafeText(draft.text, draft.language, "soften", draft.again)
        return SafeText(draft.text, draft.language)

    async def _answer(self, words: Transcript, language: str, said: str) -> SafeText | None:
        self.log.append(f"answer after {said!r}")
        return SafeText(self.fixed, language, "crisis", "crisis") if self.fixed else None

    async def _prepare(self, messages: Sequence[Message], language: str) -> None:
        raise AssertionError("nobody asked for that")


async def listen(model: Model, texts: list[str]) -> None:
    """Like ``collect``, but what came before an error is known."""
    async for sentence in reply(model.mind(), WORDS, HELLO):
        texts.append(sentence.text)


async def collect(model: Model, messages: Sequence[Message] = HELLO) -> list[SafeText]:
    async with aclosing(reply(model.mind(), WORDS, messages)) as sentences:
        return [sentence async for sentence in sentences]


def said(model: Model) -> list[str]:
    return [sentence.text for sentence in asyncio.run(collect(model))]


# --- in order ------------------------------------------------------------------


def test_sentences_come_one_by_one_and_the_closing_last() -> None:
    model = Model(["Good mor", "ning. How", " are you? Fine"], adds="I am a robot.")
    assert said(model) == ["Good morning.", "How are you?", "Fine", "I am a robot."]
    assert [draft.previous for draft in model.drafts] == ["", "Good morning.", "How are you?"]
    assert {(draft.user, draft.user_language, draft.again) for draft in model.drafts} == {
        ("hello", "en", "")
    }
    assert model.log[-1] == "model ends"


def test_words_with_an_answer_of_their_own_are_not_shown_to_the_model() -> None:
    model = Model(fixed="Are you safe?", adds="I am a robot.")
    begun: list[int] = []

    async def scenario() -> list[SafeText]:
        before = [Message("assistant", "Hi."), *HELLO]
        answer = reply(model.mind(), WORDS, before, lambda: begun.append(1))
        return [sentence async for sentence in answer]

    (only,) = asyncio.run(scenario())
    assert (only.text, only.action) == ("Are you safe?", "crisis")
    assert model.log == ["answer after 'Hi.'"]
    assert begun == [1]
    assert not model.drafts


def test_the_answer_is_told_what_the_robot_said_last() -> None:
    model = Model()
    before = [Message("assistant", "One."), Message("user", "x"), Message("assistant", "Two.")]
    asyncio.run(collect(model, [*before, *HELLO]))
    assert model.log[0] == "answer after 'Two.'"
    model = Model()
    asyncio.run(collect(model))
    assert model.log[0] == "answer after ''"


def test_a_replaced_sentence_is_the_last() -> None:
    model = Model(["Fine. ", "That is bad. ", "More. ", "And more."], adds="I am a robot.")
    assert said(model) == ["Fine.", "No."]
    assert model.log[-1] == "model ends"
    assert "model: And more." not in model.log


# --- once more, kinder ---------------------------------------------------------

RUDE = ["Fine. ", "How rude. ", "More. ", "And more."]


def test_a_rude_sentence_is_asked_for_once_more() -> None:
    model = Model(RUDE, ["Let us ", "see."], adds="I am a robot.")
    first, kinder = asyncio.run(collect(model))
    assert (first.text, first.action) == ("Fine.", "pass")
    assert (kinder.text, kinder.action, kinder.category) == ("Let us see.", "soften", "hurt")
    asked = model.drafts[-1]
    assert (asked.text, asked.again, asked.previous) == ("Let us see.", "hurt", "Fine.")
    # The model has stopped before it begins anew: there is but one, and it has but one cache.
    assert model.log.index("model ends") < model.log.index("again begins")
    assert model.log[-1] == "again ends"
    assert model.log.count("again begins") == 1


@pytest.mark.parametrize(
    "again",
    [
        None,
        [],
        ["", " "],
        ["😀"],
        ["That is rude, too."],
        ["Let us see. ", "That is rude. ", "Fine."],
        ["That is bad."],
        ["Let us see. ", "That is bad. "],
    ],
)
def test_what_is_no_better_is_not_said(again: list[str] | None) -> None:
    model = Model(RUDE, again)
    first, instead = asyncio.run(collect(model))
    assert first.text == "Fine."
    assert (instead.text, instead.category) == (TEMPLATE, "hurt")


@pytest.mark.parametrize("again", [["!"], ["Let us see. ", "!"], ["Let us see. And ", "mo", "!"]])
def test_a_rewriting_that_fails_is_not_said(again: list[str]) -> None:
    model = Model(RUDE, again)
    assert said(model) == ["Fine.", TEMPLATE]
    assert model.log[-1] == "again ends"


def test_a_screen_that_fails_at_the_rewriting_is_an_error() -> None:
    model = Model(RUDE, ["This is broken."])
    with pytest.raises(SafetyError):
        said(model)
    assert model.log[-1] == "again ends"


def test_a_rewriting_has_a_bound() -> None:
    model = Model(RUDE, [f"Number {n}. " for n in range(100)])
    assert len(said(model)) == 1 + MOST_REWRITTEN
    assert len([entry for entry in model.log if entry.startswith("again:")]) <= MOST_REWRITTEN + 2


def test_a_rewritten_sentence_is_the_last_and_nothing_is_added() -> None:
    model = Model(["How rude. ", "More."], ["Let us see. ", "Then go."], adds="I am a robot.")
    assert said(model) == ["Let us see.", "Then go."]


# --- failures ------------------------------------------------------------------


@pytest.mark.parametrize("tokens", [[], [""], ["", " ", "\n"], ["😀"], ["---"], ["\ud83d"]])
def test_a_model_with_nothing_to_say_is_an_error(tokens: list[str]) -> None:
    with pytest.raises(LlmError, match="nothing to say"):
        said(Model(tokens, adds="I am a robot."))


@pytest.mark.parametrize(
    ("tokens", "heard"),
    [(["!"], []), (["Fine. ", "!"], ["Fine."]), (["Fine. You are ru", "!"], ["Fine."])],
)
def test_half_a_sentence_of_a_model_that_fails_is_not_said(
    tokens: list[str], heard: list[str]
) -> None:
    model, texts = Model(tokens), list[str]()
    with pytest.raises(LlmError):
        asyncio.run(listen(model, texts))
    assert texts == heard
    assert model.log[-1] == "model ends"


def test_a_sentence_that_could_not_be_screened_is_not_said() -> None:
    model, texts = Model(["Fine. ", "This is broken. ", "More."]), list[str]()
    with pytest.raises(SafetyError):
        asyncio.run(listen(model, texts))
    assert texts == ["Fine."]
    assert model.log[-1] == "model ends"


def test_who_stops_listening_stops_the_model() -> None:
    model = Model(["One. ", "Two. ", "Three. ", "Four. "])

    async def scenario() -> None:
        async with aclosing(reply(model.mind(), WORDS, HELLO)) as sentences:
            async for _ in sentences:
                break

    asyncio.run(scenario())
    assert model.log[-1] == "model ends"
    assert "model: Four. " not in model.log


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_tokens_may_end_in_mid_word(size: int) -> None:
    text = "All is well. You are rude. More."
    model = Model([text[at : at + size] for at in range(0, len(text), size)])
    assert said(model) == ["All is well.", TEMPLATE]


def test_ten_thousand_characters_without_a_space_come_in_parts() -> None:
    text = "".join(chr(0xAC00 + 7 * n % 11_172) for n in range(10_000))
    model = Model([text])
    parts = said(model)
    assert "".join(parts) == text
    assert max(map(len, parts)) <= 120
    assert [draft.previous for draft in model.drafts[1:]] == parts[:-1]
