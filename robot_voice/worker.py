"""Blocking engines, kept off the event loop.

Native libraries hand out results as plain calls and plain iterators. A ``Worker`` gives
such an engine a thread of its own and lets the loop await it.

Four promises:

1. Calls on one worker run one at a time, so an engine needs no lock.
2. A producer that gets ``depth`` items ahead of its consumer waits.
3. Leaving a stream never waits for the engine. The thread notices at its next item (or
   sooner, if the engine polls ``cancelled``) and what it makes until then has no reader.
   So nothing downstream ever has to ask whether an item is stale.
4. Whatever the engine raises arrives as the worker's own ``EngineError``: a bad turn, not a
   dead robot.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, TypeVar

from .clock import count_work
from .engines import Cancelled, Judge, Llm, Tts
from .errors import AsrError, EngineError, LlmError, SafetyError, TtsError, VoiceError

_log = logging.getLogger(__name__)

T = TypeVar("T")


class EngineHung(RuntimeError):
    """An engine was still at the same job when its second time-out came.

    Nothing can end a native call that does not return, and no other call gets its turn. So this
    is no ``EngineError``: it ends the process, and the supervisor starts it again.
    """


class Worker:
    """One thread that owns one engine. ``error`` is what the engine's failures become."""

    def __init__(self, name: str, error: type[EngineError], timeout: float | None = None) -> None:
        """``timeout``: the longest wait for a result, or for a stream's next item, in seconds."""
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._error = error
        self._timeout = timeout
        self._name = name
        self._job = 0  # number of the job in the thread
        self._late: int | None = None  # the job during which the last time-out came

    async def call(self, function: Callable[[], T], patience: float | None = None) -> T:
        """Run ``function`` in the thread and return its result. ``patience``: seconds that it may
        take instead of the worker's own time-out; a call that may be long is none that hangs.

        Raises the worker's error when it fails or takes too long.
        """
        loop = asyncio.get_running_loop()
        job = self._executor.submit(self._run, function)
        count_work(loop, 1)
        result = asyncio.wrap_future(job)  # first, so that the loop has it before the work ends
        job.add_done_callback(lambda _: count_work(loop, -1))
        async with self._deadline(patience):
            return await result

    def stream(self, produce: Callable[[Cancelled], Iterator[T]], depth: int) -> _ThreadStream[T]:
        """Iterate ``produce`` in the thread, at most ``depth`` items ahead."""
        return _ThreadStream(self, produce, depth)

    def close(self, last: Callable[[], object] | None = None) -> None:
        """End the thread when it is done with its present job, and ``last``. Does not wait."""
        if last is not None:
            self._executor.submit(last)
        self._executor.shutdown(wait=False, cancel_futures=last is None)

    def _run(self, function: Callable[[], T]) -> T:
        """In the thread: a job, and what it raises as the worker's own error."""
        self._job += 1
        try:
            return function()
        except VoiceError:
            raise
        except Exception as error:
            _log.error("%s failed", self._name, exc_info=error)
            raise self._error(f"{self._name} failed: {type(error).__name__}: {error}") from error
        finally:
            self._job += 1

    @asynccontextmanager
    async def _deadline(self, patience: float | None = None) -> AsyncGenerator[None]:
        """Raise the engine's own error when the body takes too long."""
        limit = self._timeout if patience is None else patience
        try:
            async with asyncio.timeout(limit):
                yield
        except TimeoutError:
            says = f"{self._name} gave no answer within {limit} s"
            if patience is not None:
                raise self._error(says) from None
            if self._late == self._job:
                raise EngineHung(f"{says}, twice: it hangs") from None
            self._late = self._job
            raise self._error(says) from None


@dataclass(frozen=True, slots=True)
class Workers:
    """A thread for each engine. The time-outs end a turn, not the robot."""

    asr: Worker
    llm: Worker
    screen: Worker
    tts: Worker
    turn: Worker
    """The acoustic turn model's."""

    @classmethod
    def start(cls, asr: float, llm: float, tts: float, screen: float = 1.0) -> Workers:
        """Time-outs in seconds; the turn model always has one second."""
        return cls(
            Worker("asr", AsrError, asr),
            Worker("llm", LlmError, llm),
            Worker("screen", SafetyError, screen),
            Worker("tts", TtsError, tts),
            Worker("turn", AsrError, timeout=1.0),
        )

    def close(
        self, llm: Llm | None = None, judge: Judge | None = None, tts: Tts | None = None
    ) -> None:
        """End the threads, without waiting for them. The language model's and the screen's, which
        asks the judge, free their memory when they are done; the voice's ends its processes."""
        self.llm.close(llm.close if llm else None)
        self.screen.close(judge.close if judge else None)
        self.tts.close(tts.close if tts else None)
        for worker in (self.asr, self.turn):
            worker.close()


@dataclass(frozen=True, slots=True)
class _End:
    error: Exception | None


class _Room:
    """How many items may still be made. The loop knows who waits for room, and who works."""

    def __init__(self, loop: asyncio.AbstractEventLoop, depth: int) -> None:
        self._loop = loop
        self._free = depth
        self._waiting = False
        self._changed = threading.Condition()

    def take(self) -> None:
        with self._changed:
            while self._free == 0:
                self._waiting = True
                count_work(self._loop, -1)
                self._changed.wait_for(lambda: not self._waiting)
            self._free -= 1

    def give(self) -> None:
        with self._changed:
            self._free += 1
            if self._waiting:
                self._waiting = False
                count_work(self._loop, 1)  # on the waiter's behalf: it works from now on
                self._changed.notify()


class _ThreadStream(Generic[T]):
    def __init__(
        self, worker: Worker, produce: Callable[[Cancelled], Iterator[T]], depth: int
    ) -> None:
        self._worker = worker
        self._produce = produce
        self._depth = depth
        self._left = threading.Event()
        self._items: asyncio.Queue[T | _End] = asyncio.Queue()  # bounded by _room

    async def __aenter__(self) -> _ThreadStream[T]:
        self._loop = asyncio.get_running_loop()
        self._room = _Room(self._loop, self._depth)
        job = self._worker._executor.submit(self._run)
        count_work(self._loop, 1)
        job.add_done_callback(lambda _: count_work(self._loop, -1))
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._left.set()
        self._room.give()  # wake a producer waiting for room

    def __aiter__(self) -> _ThreadStream[T]:
        return self

    async def __anext__(self) -> T:
        async with self._worker._deadline():
            item = await self._items.get()
        if isinstance(item, _End):
            if item.error is not None:
                raise item.error
            raise StopAsyncIteration
        self._room.give()
        return item

    def _run(self) -> None:
        error: Exception | None = None
        try:
            self._worker._run(self._produce_all)
        except VoiceError as raised:
            error = raised
        self._post(_End(error))

    def _produce_all(self) -> None:
        if self._left.is_set():
            return
        with closing(self._produce(self._left.is_set)) as items:  # type: ignore[type-var]
            for item in items:
                self._room.take()
                if self._left.is_set():
                    return
                self._post(item)

    def _post(self, item: T | _End) -> None:
        if not self._left.is_set():
            self._loop.call_soon_threadsafe(self._items.put_nowait, item)
