"""Real threads, real time, but no engine."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from robot_voice.clock import FastLoop
from robot_voice.engines import Cancelled
from robot_voice.errors import AsrError, LlmError
from robot_voice.worker import EngineHung, Worker


@pytest.fixture(params=["plain", "fast"])
def runner(request: pytest.FixtureRequest) -> Iterator[asyncio.Runner]:
    factory = FastLoop if request.param == "fast" else asyncio.SelectorEventLoop
    with asyncio.Runner(loop_factory=factory) as runner:
        yield runner


def worker(timeout: float | None = None) -> Worker:
    return Worker("test", LlmError, timeout)


def count(seconds: float, closed: threading.Event, n: int = 1000) -> Iterator[int]:
    try:
        for i in range(n):
            time.sleep(seconds)
            yield i
    finally:
        closed.set()


def test_items_arrive_in_order(runner: asyncio.Runner) -> None:
    async def scenario() -> None:
        engine, closed = worker(), threading.Event()
        async with engine.stream(lambda _: count(0, closed, 50), depth=3) as items:
            assert [item async for item in items] == list(range(50))
        engine.close()

    runner.run(scenario())


def test_a_producer_waits_for_its_consumer(runner: asyncio.Runner) -> None:
    async def scenario() -> None:
        engine = worker()
        made: list[int] = []

        def produce(_: Cancelled) -> Iterator[int]:
            for i in range(100):
                made.append(i)
                yield i

        async with engine.stream(produce, depth=3) as items:
            await items.__anext__()
            await asyncio.sleep(0.05)
            assert len(made) <= 5
            assert [item async for item in items] == list(range(1, 100))
        engine.close()

    runner.run(scenario())


def test_an_error_reaches_the_consumer_as_the_engines_own(runner: asyncio.Runner) -> None:
    async def scenario() -> None:
        engine = worker()

        def produce(_: Cancelled) -> Iterator[int]:
            yield 1
            raise ValueError("broken")

        async with engine.stream(produce, depth=3) as items:
            assert await items.__anext__() == 1
            with pytest.raises(LlmError, match="ValueError: broken"):
                await items.__anext__()
        with pytest.raises(LlmError, match="ZeroDivisionError"):
            await engine.call(lambda: 1 // 0)
        engine.close()

    runner.run(scenario())


def test_our_own_errors_stay_what_they_are() -> None:
    async def scenario() -> None:
        engine = worker()

        def fail() -> None:
            raise AsrError("as it is")

        with pytest.raises(AsrError, match="as it is"):
            await engine.call(fail)
        engine.close()

    asyncio.run(scenario())


def test_leaving_does_not_wait_for_a_slow_engine() -> None:
    async def scenario() -> None:
        engine, closed = worker(), threading.Event()
        async with engine.stream(lambda _: count(0.2, closed), depth=1) as items:
            await items.__anext__()
        assert not closed.is_set()
        # the next job waits its turn, and the engine was closed in its own thread
        assert await engine.call(closed.is_set)
        engine.close()

    asyncio.run(scenario())


def test_an_engine_may_poll_inside_a_long_call() -> None:
    async def scenario() -> None:
        engine = worker()
        noticed = threading.Event()

        def prefill(cancelled: Cancelled) -> Iterator[int]:
            while not cancelled():
                time.sleep(0.001)
            noticed.set()
            yield from ()

        async with asyncio.TaskGroup() as tasks:

            async def use() -> None:
                async with engine.stream(prefill, depth=1) as items:
                    await items.__anext__()

            task = tasks.create_task(use())
            await asyncio.sleep(0.02)
            task.cancel()
        assert await engine.call(noticed.is_set)
        engine.close()

    asyncio.run(scenario())


def test_an_engine_that_hangs_fails_in_time() -> None:
    async def scenario() -> None:
        engine, release = worker(timeout=0.05), threading.Event()
        with pytest.raises(LlmError, match="no answer within"):
            await engine.call(release.wait)
        release.set()

        def hang(cancelled: Cancelled) -> Iterator[int]:
            while not cancelled():
                time.sleep(0.001)
            yield from ()

        async with engine.stream(hang, depth=1) as items:
            with pytest.raises(LlmError, match="no answer within"):
                await items.__anext__()
        assert await engine.call(lambda: 7) == 7
        engine.close()

    asyncio.run(scenario())


def test_a_fast_loop_jumps_over_waiting_and_not_over_working() -> None:
    async def scenario() -> float:
        loop = asyncio.get_running_loop()
        engine = worker()
        began = loop.time()
        await asyncio.sleep(3600)
        assert 3600 <= loop.time() - began < 3601
        at_work = loop.time()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(asyncio.sleep(0.02))
            await engine.call(lambda: time.sleep(0.1))
            # The timer could not drag the clock away from the engine.
            worked = loop.time() - at_work
        engine.close()
        return worked

    real = time.monotonic()
    with asyncio.Runner(loop_factory=FastLoop) as runner:
        assert 0.1 <= runner.run(scenario()) < 2
    assert time.monotonic() - real < 60


def test_a_fast_loop_waits_for_a_producer_that_was_given_room_again() -> None:
    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        engine, closed = worker(), threading.Event()
        async with engine.stream(lambda _: count(0.005, closed, 20), depth=1) as items:
            async for _ in items:
                before = loop.time()
                async with asyncio.timeout(10):  # a jump to this timer would end the test
                    await asyncio.sleep(0)
                assert loop.time() - before < 5
                await asyncio.sleep(1)
        engine.close()

    with asyncio.Runner(loop_factory=FastLoop) as runner:
        runner.run(scenario())


def test_a_stream_that_stalls_fails_in_time() -> None:
    async def scenario() -> None:
        engine, release = worker(timeout=0.05), threading.Event()

        def produce(_: Cancelled) -> Iterator[int]:
            yield 1
            release.wait()
            yield 2

        async with engine.stream(produce, depth=1) as items:
            assert await items.__anext__() == 1
            with pytest.raises(LlmError, match="no answer within"):
                await items.__anext__()
        release.set()
        engine.close()

    asyncio.run(scenario())


def test_an_engine_that_hangs_for_good_is_no_mere_error() -> None:
    async def scenario() -> None:
        engine, release = worker(timeout=0.05), threading.Event()
        with pytest.raises(LlmError):
            await engine.call(release.wait)
        with pytest.raises(EngineHung):
            await engine.call(lambda: None)
        release.set()
        engine.close()

    asyncio.run(scenario())


def test_an_engine_that_was_slow_is_forgiven() -> None:
    async def scenario() -> None:
        engine = worker(timeout=0.1)
        for _ in range(3):
            release = threading.Event()
            with pytest.raises(LlmError):
                await engine.call(release.wait)
            release.set()
            assert await engine.call(lambda: 7) == 7
        engine.close()

    asyncio.run(scenario())


def test_leaving_a_stream_wakes_a_producer_that_waits_for_room(runner: asyncio.Runner) -> None:
    async def scenario() -> None:
        engine, closed = worker(timeout=5.0), threading.Event()
        async with engine.stream(lambda _: count(0, closed), depth=1) as items:
            await items.__anext__()
            await asyncio.sleep(0.05)  # it is ahead by now, and waits
        assert await engine.call(closed.is_set)
        engine.close()

    runner.run(scenario())


def test_the_last_job_runs_when_the_thread_is_told_to_end() -> None:
    freed = threading.Event()
    engine = worker()
    engine.close(freed.set)
    assert freed.wait(5)


def fast(main: Callable[[asyncio.AbstractEventLoop], Coroutine[Any, Any, None]]) -> None:
    async def scenario() -> None:
        async with asyncio.timeout(3600):  # a timer to jump to, if the loop is wrong
            await main(asyncio.get_running_loop())

    with asyncio.Runner(loop_factory=FastLoop) as runner:
        runner.run(scenario())


def test_a_fast_loop_does_not_jump_while_an_engine_works() -> None:
    async def main(loop: asyncio.AbstractEventLoop) -> None:
        engine, began = worker(), loop.time()
        await engine.call(lambda: time.sleep(0.05))
        assert loop.time() - began < 60
        engine.close()

    fast(main)


def test_a_fast_loop_counts_a_call_that_was_cancelled_but_goes_on() -> None:
    async def main(loop: asyncio.AbstractEventLoop) -> None:
        engine, began = worker(), loop.time()
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(engine.call(lambda: time.sleep(0.2)))
            await asyncio.sleep(0)
            task.cancel()
        await asyncio.sleep(0.1)  # jumps over nothing: the engine is still at it
        assert not isinstance(loop, FastLoop) or loop.time() - began < 60
        await engine.call(lambda: None)
        assert 0.19 <= loop.time() - began < 60
        engine.close()

    fast(main)


def test_a_fast_loop_jumps_while_a_producer_waits_for_room() -> None:
    async def main(loop: asyncio.AbstractEventLoop) -> None:
        engine, closed = worker(), threading.Event()
        real = time.monotonic()
        async with engine.stream(lambda _: count(0, closed), depth=1) as items:
            await items.__anext__()
            await asyncio.sleep(600)
        assert time.monotonic() - real < 60
        engine.close()

    fast(main)
