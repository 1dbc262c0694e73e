"""The recipe of the starter's speech recogniser, as far as it runs without torch."""

from __future__ import annotations

import itertools
import json
import random
import tomllib
from pathlib import Path

import numpy as np
import pytest
from faster_whisper.feature_extractor import FeatureExtractor

from robot_voice.paths import starter_models
from robot_voice.types import RATE
from scripts.starter.asr import (
    disturbance,
    features,
    gate,
    grammar,
    korean,
    noise,
    numerals,
    scoring,
    shards,
    tokenizer,
)


def test_every_command_of_the_robot_can_be_said() -> None:
    table = tomllib.loads(grammar.COMMANDS.read_text("utf-8"))
    templates = grammar.load().templates
    english = {form for template in templates for form in template.english}
    korean_forms = {form for template in templates for form in template.korean}
    for command in table["command"]:
        assert set(command.get("en", ())) <= english
        assert set(command["ko"]) <= korean_forms


def test_sentences_are_filled_and_translated() -> None:
    sentences, rng = grammar.load(), random.Random(7)
    for _, language in itertools.product(range(1500), ("en", "ko")):
        sentence = sentences.draw(rng, language)
        assert "{" not in sentence.text + sentence.english
        assert sentence.text[-1] in ".?!" and sentence.english[-1] in ".?!"
        hangul = any("가" <= letter <= "힣" for letter in sentence.text)
        assert hangul == (language == "ko")
        assert not any("가" <= letter <= "힣" for letter in sentence.english)


def test_the_same_korean_sentence_has_one_translation() -> None:
    sentences, rng = grammar.load(), random.Random(3)
    meant: dict[str, str] = {}
    for _ in range(4000):
        sentence = sentences.draw(rng, "ko")
        assert meant.setdefault(sentence.text, sentence.english) == sentence.english


def test_commands_are_never_held_out_and_the_choice_does_not_change() -> None:
    assert not grammar.Sentence("ko", "멈춰.", "Stop.", 0).held_out
    sentences, rng = grammar.load(), random.Random(1)
    drawn = [sentences.draw(rng, "en") for _ in range(4000)]
    long = [sentence for sentence in drawn if sentence.slots and len(sentence.text) > 12]
    share = sum(sentence.held_out for sentence in long) / len(long)
    assert 0.05 < share < 0.12
    said = grammar.Sentence("en", "Bring me the pink box.", "", 2)
    assert said.held_out == grammar.Sentence("en", "bring me the pink box.", "", 1).held_out


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "zero"), (40, "forty"), (99, "ninety nine"), (120, "one hundred twenty")],
)
def test_numbers_in_english(number: int, words: str) -> None:
    assert numerals.english(number) == words


def test_numbers_in_korean() -> None:
    assert [numerals.sino(number) for number in (0, 10, 21, 105, 300)] == [
        "영", "십", "이십일", "백오", "삼백",
    ]  # fmt: skip
    assert [numerals.native(number) for number in (1, 11, 20, 21)] == [
        "한", "열한", "스무", "스물한",
    ]  # fmt: skip
    assert numerals.counting(20) == "스물"


@pytest.mark.parametrize(
    ("word", "particle", "joined"),
    [
        ("컵", "을", "컵을"),
        ("의자", "을", "의자를"),
        ("교실", "으로", "교실로"),
        ("방", "으로", "방으로"),
    ],
)
def test_particles_fit(word: str, particle: str, joined: str) -> None:
    assert grammar.with_particle(word, particle) == joined


def test_hangul_is_read_as_it_is_spoken() -> None:
    assert korean.phones("한국말") == "pau hh aa n g uw ng m aa l pau"
    assert korean.phones("음악.") == "pau uh m aa k pau pau"  # linked


def test_the_spectrogram_is_that_of_the_library() -> None:
    samples = np.random.default_rng(0).standard_normal(2 * RATE).astype(np.float32) * 0.1
    wanted = FeatureExtractor(feature_size=80)(samples)[:, :-1].T
    ours = features.normalised(features.log_mel(samples))
    np.testing.assert_allclose(ours[: len(wanted)], wanted, atol=1e-4)


def test_a_shard_comes_back(tmp_path: Path) -> None:
    clip = shards.Clip("en", "Stop.", "Stop.", "stQp", "somebody", 3, 0.1, 0.5)
    other = shards.Clip("ko", "멈춰.", "Stop.", "m@", "somebody", 2, 0.0, 0.2, held_out=True)
    mels = [np.full((3, 80), -1.0, np.float32), np.full((2, 80), -2.0, np.float32)]
    shards.write(tmp_path / "train_0000", [clip, other], mels)
    read = shards.read(tmp_path / "train_0000.json")
    assert [described for described, _ in read] == [clip, other]
    assert [mel[0, 0] for _, mel in read] == [-1.0, -2.0]
    assert not list(tmp_path.glob("*.partial"))


def test_noises_are_spectrograms_of_sound() -> None:
    sounds = [noise.coloured, noise.music, noise.hum, noise.clicks]
    rng = np.random.default_rng(0)
    made = [rng_sound(rng, 1.0) for rng_sound in (noise.music, noise.hum, noise.clicks)]
    made.append(noise.coloured(rng, 1.0, 1.0))
    assert len(made) == len(sounds)
    for sound in made:
        mel = features.log_mel((0.3 * sound).astype(np.float32))
        assert mel.shape[1] == features.BANDS and np.isfinite(mel).all() and mel.max() > -6
    cut = noise.cut([features.log_mel(made[0].astype(np.float32))], 250, random.Random(0))
    assert cut.shape == (250, features.BANDS)


def test_half_an_hour_of_nothing_is_as_long_as_asked(tmp_path: Path) -> None:
    voices = [np.random.default_rng(1).standard_normal(RATE).astype(np.float32)]
    made = list(disturbance.pieces(voices, tmp_path, minutes=0.5))
    assert sum(len(samples) for _, samples in made) >= 0.5 * 60 * RATE
    assert all(2 * RATE <= len(samples) <= 10 * RATE for _, samples in made)
    assert {"babble", "music", "noise", "silence"} >= {kind for kind, _ in made[:3]}


def test_error_rates() -> None:
    assert scoring.plain("Set it to 50 percent!") == "set it to fifty percent"
    assert scoring.error_rate(["go to the kitchen"], ["Go to a kitchen."], "en") == 0.25
    assert scoring.error_rate(["멈춰"], ["멈"], "ko") == 0.5
    assert scoring.distance("kitten", "sitting") == 3


def _heard(group: str, text: str, confidence: float, *, right: bool) -> dict[str, object]:
    return {"group": group, "text": text, "confidence": confidence, "right": right}


def test_the_gate_is_as_low_as_precision_allows() -> None:
    right = [_heard("human_dev", "Stop.", 0.9, right=True) for _ in range(60)]
    wrong = [_heard("human_dev", "Up.", 0.7, right=False) for _ in range(30)]
    noise_text = [_heard("nobody_rain", "No.", 0.8, right=False) for _ in range(2)]
    quiet = [_heard("nobody_rain", "", 0.0, right=True) for _ in range(50)]
    found = gate.calibrate([*right, *wrong, *noise_text, *quiet])
    assert 0.7 < found["confidence"] <= 0.8
    assert found["calibrated_on"]["precision"] >= gate.PRECISION
    assert found["groups"]["human_dev"]["right_ones_accepted"] == 1.0


def test_a_model_that_is_never_right_passes_nothing() -> None:
    wrong = [_heard("human_dev", "Up.", 0.99, right=False) for _ in range(60)]
    assert gate.calibrate(wrong)["confidence"] == 1.0


def test_the_tokenizer_has_whispers_order_and_writes_hangul(tmp_path: Path) -> None:
    made = tokenizer.build(tmp_path / "tokenizer.json", ["the servant sends leonardo away"])
    number = {token: tokenizer.number_of(made, token) for token in tokenizer.SPECIAL}
    assert list(number.values()) == list(range(min(number.values()), max(number.values()) + 1))
    assert tokenizer.number_of(made, "<|0.00|>") == number["<|notimestamps|>"] + 1
    text = " 부엌 불 좀 켜 줘. Turn on the light, Zoë!"
    assert made.decode(made.encode(text, add_special_tokens=False).ids) == text
    with pytest.raises(KeyError, match="another recipe"):
        tokenizer.number_of(made, "<|xx|>")


def test_the_shipped_gate_names_what_it_was_calibrated_on() -> None:
    path = starter_models() / "asr" / "gate.json"
    shipped = json.loads(path.read_text("utf-8"))
    assert 0.0 < shipped["confidence"] <= 1.0
    assert shipped["calibrated_on"]["precision"] >= gate.PRECISION
