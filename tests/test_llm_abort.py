"""How the abort of a language model is measured: where it was, what it cost, what came after."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from robot_voice.llm.llama import LlamaLlm
from robot_voice.llm_config import LlmConfig
from scripts.bench.common import defaults
from scripts.bench.llm_abort import (
    SHORT,
    Aborted,
    Scene,
    Stop,
    Trial,
    measure,
    one_by_one,
    told,
)
from scripts.bench.llm_models import about, warmed
from scripts.bench.llm_phases import ELSEWHERE, PHASES, Phases, Usage


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return warmed("tiny", tmp_path_factory.mktemp("gguf"))


@pytest.fixture
def llm(model: Path) -> Iterator[LlamaLlm]:
    llm = LlamaLlm(model, LlmConfig(max_tokens=8), 1)
    yield llm
    llm.close()


def test_every_call_of_an_engine_is_seen_in_its_phase(llm: LlamaLlm) -> None:
    phases, begun = Phases(llm), time.perf_counter()
    state = llm._native.snapshot()
    said = "".join(llm.generate(SHORT, lambda: False))
    llm._native.restore([], state)
    ended = time.perf_counter()
    spent = phases.spent(begun, ended)
    assert said and llm.count("by name")
    assert spent.keys() == set(PHASES)
    assert sum(spent.values()) == pytest.approx(1000 * (ended - begun))
    assert phases.at(ended) == ELSEWHERE


def test_a_phase_is_that_of_its_moment_and_an_outer_one_returns(llm: LlamaLlm) -> None:
    inside: list[float] = []

    def tokenize(text: str, begin: bool = True) -> list[int]:
        inside.append(time.perf_counter())
        return [1]

    llm._native.tokenize = tokenize  # type: ignore[method-assign]
    phases = Phases(llm)
    llm._fitting(SHORT)
    [moment] = inside
    assert phases.at(moment) == "tokenising"
    assert [phase for _, phase in phases._changes] == [
        ELSEWHERE, "rendering", "tokenising", "rendering", ELSEWHERE
    ]  # fmt: skip
    phases.begin()
    assert phases.at(time.perf_counter()) == ELSEWHERE


def test_it_is_seen_when_the_engine_was_told_to_stop(llm: LlamaLlm) -> None:
    phases, begun = Phases(llm), time.perf_counter()
    list(llm.generate(SHORT, lambda: False))
    assert phases.told > time.perf_counter()
    llm._native.interrupt(True)
    assert begun < phases.told <= time.perf_counter()
    assert not llm._native.prefill([1, 2, 3])


def test_usage_is_the_difference() -> None:
    before = Usage(processor=1.0, stolen=0.5, faults=3, switches=10)
    after = Usage(processor=1.25, stolen=0.52, faults=4, switches=10)
    assert after.since(before) == {
        "processor_ms": 250.0,
        "stolen_ms": 20,
        "pages_from_disk": 1,
        "made_to_wait": 0,
    }
    assert Usage.now().processor > 0


def test_the_bench_stops_an_engine_everywhere_and_replies_do_not_change(model: Path) -> None:
    aborted = list(measure(model, 1, 24, seed=1))
    assert [each.scene for each in aborted] == [
        *["reading"] * 4, *["replying"] * 16, *["restoring"] * 4
    ]  # fmt: skip
    assert all(each.same for each in aborted)
    assert {each.stop.place for each in aborted} <= set(PHASES)
    for each in aborted:
        assert sum(each.stop.spent_ms.values()) == pytest.approx(each.stop.milliseconds)


def test_a_next_reply_that_is_another_one_is_seen(llm: LlamaLlm) -> None:
    numbers = itertools.cycle(range(300, 1999))
    llm._native.sample = lambda: next(numbers)  # type: ignore[method-assign]
    trial = Trial(llm, random.Random(1))
    for scene in (Scene("reading", SHORT, known=False), Scene("replying", SHORT, known=True)):
        assert not any(each.same for each in trial.run(scene, 6))


def moments(times: Sequence[float]) -> list[Aborted]:
    usage = Usage(0.0, 0.0, 0, 0)
    return [
        Aborted("reading", Stop(ms, place, 4.0, {place: ms}, usage.since(usage)), ms < 100)
        for ms, place in zip(times, ["prefill", "decode"] * len(times), strict=False)
    ]


def test_the_figures_of_moments_are_told_by_scene_and_place() -> None:
    result = told(moments([10.0, 20.0, 30.0, 100.0]))
    assert result["all"] == {
        "n": 4, "p50_ms": 20.0, "p99_ms": 100.0, "max_ms": 100.0, "next_reply_differs": 1
    }  # fmt: skip
    assert result["by_scene"].keys() == {"reading"}
    assert result["by_place"]["prefill"]["max_ms"] == 30.0
    assert [moment["ms"] for moment in result["slowest"]] == [100.0, 30.0, 20.0, 10.0]


def test_an_engine_that_saw_it_by_itself_was_told_nothing() -> None:
    [one] = moments([7.0])
    stop = Stop(7.0, "sampling", None, {"sampling": 7.0}, {})
    assert one_by_one(one)["told_ms"] == 4.0
    assert one_by_one(Aborted("replying", stop, True))["told_ms"] is None


def test_what_is_told_of_the_machine_names_the_model_and_its_threads(model: Path) -> None:
    found = about(defaults(), 7, {"tiny": model})
    assert found["threads"] == 7
    assert found["models"]["tiny"]["file"] == model.name
    assert len(found["models"]["tiny"]["sha256"]) == 12
    assert found["models"].keys() == {"tiny"}
