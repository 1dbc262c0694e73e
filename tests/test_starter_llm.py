"""The starter's Llama: its vocabulary, its Korean, its dialogues, what the shipped file says."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import llama_cpp.llama_cpp as c
import pytest
from llama_cpp.llama_chat_format import Jinja2ChatFormatter

from robot_voice.config import PersonaConfig, ToneConfig
from robot_voice.llm.llama import LLAMA_2, LlamaLlm
from robot_voice.safety.script import in_another_script
from robot_voice.types import Message
from scripts.starter.llm.dialogues.grammar import Words, noisy, read
from scripts.starter.llm.dialogues.korean import LEVELS, Level, particles, speak
from scripts.starter.llm.dialogues.make import Maker
from scripts.starter.llm.dialogues.turns import Turn, is_safe
from scripts.starter.llm.judge import Case, cases, faults, level_of
from scripts.starter.llm.product import load, reply
from scripts.starter.llm.tokenizer import CONTROL, TEMPLATE, Tokenizer, chat

MODEL = Path(__file__).parents[1] / "models/starter/llm/nuri-chat-starter-q8_0.gguf"

# --- the vocabulary ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def llm() -> Iterator[LlamaLlm]:
    model = load(MODEL)
    yield model
    model.close()


def tokenizer_of(llm: LlamaLlm) -> Tokenizer:
    """Ours, with the pieces that the GGUF holds."""
    vocabulary = llm._native._vocabulary
    count = c.llama_vocab_n_tokens(vocabulary)
    texts = [c.llama_vocab_get_text(vocabulary, n).decode() for n in range(count)]
    assert tuple(texts[: len(CONTROL)]) == CONTROL
    return Tokenizer(texts[len(CONTROL) + 256 :])


@pytest.mark.parametrize(
    "text",
    [
        "Hello!",
        "안녕하세요, 저는 누리예요. 만나서 반가워요!",
        "My name is 다현. 제 이름은 Brandon이에요.",
        "뷁쀍 ㅋㅋㅋ 日本語 🤖 é",
        "  two  spaces and\ttabs\nand lines ",
        "<unk> <0x41> ▁ </ s> [INST [/INST]] <<SYS>>",
        "1,234.5 is 50% of what?!..",
        "",
    ],
)
def test_llama_cpp_sees_the_tokens_that_training_saw(llm: LlamaLlm, text: str) -> None:
    ours = tokenizer_of(llm)
    for whole in (text, f"<s>[INST] <<SYS>>\n{text}\n<</SYS>>\n\n{text} [/INST] {text} </s>"):
        tokens = [t for t in llm._native.tokenize(whole) if whole.startswith("<s>") or t != 1]
        assert tokens == ours.encode(whole)


def test_tokens_become_the_text_again(llm: LlamaLlm) -> None:
    ours = tokenizer_of(llm)
    text = "다현, hello 뷁 🤖!"
    assert ours.decode(ours.encode(text)) == f" {text}"
    assert b"".join(map(llm._native.piece, ours.encode(text))).decode() == f" {text}"


def test_training_writes_conversations_as_the_product_renders_them(llm: LlamaLlm) -> None:
    assert llm._native.template()[0] == TEMPLATE
    turns = [("Hi.", "Hello!"), ("안녕!", "안녕하세요!")]
    talk = [Message("system", "Be kind.")]
    for user, said in turns:
        talk += [Message("user", user), Message("assistant", said)]
    written = "".join(text for text, _ in chat("Be kind.", turns))
    fields: list[Any] = [{"role": m.role, "content": m.text} for m in talk]
    llama_2 = Jinja2ChatFormatter(LLAMA_2, "</s>", "<s>")(messages=fields).prompt
    assert llm._render(talk) == written == llama_2
    assert llm._render(talk[1:]) == "".join(text for text, _ in chat("", turns))


def test_unseen_names_are_spelled_in_syllables() -> None:
    tokenizer = Tokenizer(["▁이", "▁이름", "▁이름은", *"▁이름은다현"])
    assert len(tokenizer.encode("이름은 다현")) == 4


# --- Korean --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("marked", "spoken"),
    [
        ("많이 힘드~시겠.", "많이 힘드시겠어요.|많이 힘드시겠습니다.|많이 힘들겠다."),
        ("만나서 반갑~다!", "만나서 반가워요!|만나서 반갑습니다!|만나서 반가워!"),
        ("제가 들어 드리~게.", "제가 들어 드릴게요.|제가 들어 드리겠습니다.|내가 들어 줄게."),
        ("왼쪽으로 돌~게.", "왼쪽으로 돌게요.|왼쪽으로 돌겠습니다.|왼쪽으로 돌게."),
        ("저는 모르~다.", "저는 몰라요.|저는 모릅니다.|나는 몰라."),
        ("기분이 어떠~냐?", "기분이 어떠세요?|기분이 어떠십니까?|기분이 어때?"),
        ("저는 민수~이다.", "저는 민수예요.|저는 민수입니다.|나는 민수야."),
        ("곰{을/를} 좋아하~시네.", "곰을 좋아하시네요.|곰을 좋아하십니다.|곰을 좋아하네."),
        ("올 거~이다.", "올 거예요.|올 겁니다.|올 거야."),
        ("<네|네|응>, 만들~었.", "네, 만들었어요.|네, 만들었습니다.|응, 만들었어."),
    ],
)
def test_one_sentence_in_three_speech_levels(marked: str, spoken: str) -> None:
    assert "|".join(speak(marked, level) for level in LEVELS) == spoken


@pytest.mark.parametrize("file", ["feelings", "social", "world", "follow", "memory", "commands"])
def test_every_korean_reply_is_in_its_level(file: str) -> None:
    templates = [t for t in _strings(read(file)) if "~" in t or re.search(r"<.*\|.*\|.*>", t)]
    words = Words(random.Random(1), held=False)
    fixed = {"robot": "누리", "x": "민수", "done": "가~게", "pet_ko": "새"}
    for template in templates:
        if file == "commands" and "{done}" not in template:
            continue
        template = template.replace("{x@}", "<{x}님|{x}님|{x}{아/야}>")
        text = words.fill(template.replace("{x=이야}", "{x}{이야/야}"), "ko", fixed)
        for level in LEVELS:
            said = speak(text, level).replace(" | ", " ")
            assert not re.search("[~{}<>|]", said), said
            for sentence in filter(None, (s.strip() for s in re.split("[.!?]", said))):
                assert level_of(sentence) == level, said


def _strings(table: object) -> Iterator[str]:
    if isinstance(table, str):
        yield table
    elif isinstance(table, dict):
        for value in table.values():
            yield from _strings(value)
    elif isinstance(table, list):
        for value in table:
            yield from _strings(value)


def test_particles_fit_what_comes_before() -> None:
    assert particles("곰이/가 새을/를 톰{이라고/라고} Tom{은/는}") == "곰이 새를 톰이라고 Tom은"


# --- the dialogues -------------------------------------------------------------------------------


def test_a_seed_gives_the_same_dialogues() -> None:
    first, again, other = (Maker(seed, held=False) for seed in (5, 5, 6))
    made = [first.dialogue() for _ in range(20)]
    assert made == [again.dialogue() for _ in range(20)]
    assert made != [other.dialogue() for _ in range(20)]


def test_only_replies_in_the_language_of_the_instructions_are_learnt() -> None:
    maker = Maker(1, held=False)
    unlearnt = 0
    for _ in range(150):
        dialogue = maker.dialogue()
        for turn in dialogue["turns"]:
            other = in_another_script(turn["reply"], dialogue["language"])
            unlearnt += not turn["learn"]
            assert not (turn["learn"] and other), turn
    assert unlearnt


def test_held_out_words_are_no_training_words() -> None:
    for name, table in read("slots").items():
        assert not set(table["train"]) & set(table["held"]), name


def test_a_hurtful_answer_is_no_training_dialogue() -> None:
    assert is_safe(Turn("나 오늘 너무 슬퍼.", "많이 힘드시겠어요.", "sad"), "ko")
    assert not is_safe(Turn("나 오늘 너무 슬퍼.", "좋은 생각이에요.", "sad"), "ko")
    assert not is_safe(Turn("I failed.", "You are stupid.", "failed"), "en")


def test_noise_keeps_what_was_said_recognisable() -> None:
    dice = random.Random(3)
    for _ in range(200):
        assert abs(len(noisy("I went to the park today.", dice)) - 25) <= 6


# --- the judge -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "said", "wrong"),
    [
        ("해요체", "많이 힘드시겠어요. 제가 곁에 있을게요.", []),
        ("합쇼체", "많이 힘드시겠습니다.", []),
        ("반말", "많이 힘들겠다.", []),
        ("해요체", "많이 힘들겠다.", ["level"]),
        ("해요체", "I'm so sorry to hear that.", ["language", "screen", "topic"]),
        ("해요체", "좋은 생각이에요.", ["screen", "topic"]),
        ("해요체", "힘들어요. 힘들어요. 힘들어요.", ["length", "repetition"]),
        ("해요체", "", ["empty", "language", "topic"]),
    ],
)
def test_the_judge_sees_what_is_wrong(level: Level, said: str, wrong: list[str]) -> None:
    case = Case("sad", "ko", level, ("나 오늘 너무 슬퍼.",), "힘들|힘드")
    assert faults(case, [said]) == wrong


def test_there_are_200_cases_and_memory_asks_for_its_word() -> None:
    everything = list(cases())
    assert len(everything) == 200
    memory = [case for case in everything if case.category == "memory"]
    assert len(memory) == 24 and all(case.want.strip() for case in memory)


# --- the shipped model ---------------------------------------------------------------------------


@pytest.mark.parametrize("level", LEVELS)
def test_sorrow_is_met_with_sympathy_in_every_level(llm: LlamaLlm, level: Level) -> None:
    case = Case("sad", "ko", level, ("나 오늘 너무 슬퍼.",), "슬프|슬플|마음|힘드|힘들|곁|들어")
    said = reply(llm, case.turns, "ko", ToneConfig(korean_level=level), "Nuri")
    assert faults(case, [said]) == []


def test_it_says_who_it_is(llm: LlamaLlm) -> None:
    said = reply(llm, ["What is your name?"], "en", ToneConfig(), PersonaConfig().name)
    assert PersonaConfig().name in said


@pytest.mark.parametrize("level", LEVELS)
def test_it_speaks_as_configured(llm: LlamaLlm, level: Level) -> None:
    case = Case("greeting", "ko", level, ("안녕!",), "안녕|반가|반갑")
    said = reply(llm, case.turns, "ko", ToneConfig(korean_level=level), "Nuri")
    assert faults(case, [said]) == []
