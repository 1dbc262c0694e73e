"""From words that were committed to things that are done.

    words -> a command? -> allowed? -> asked about first? -> queue of its executor -> done -> told

``preview`` says what the robot would answer to words that may still be withdrawn, and changes
nothing; ``commit`` acts, once, when they are certain. So nothing executes on a cancelled turn. What
was submitted outlives its turn: only "stop", a time-out or the end of the process end it.

An executor does one thing after another, for a body cannot do two; what comes while
``MAX_WAITING`` wait is refused. A person who says "stop" stops all of it: what is under way is
cancelled, what waits is dropped, an open question is withdrawn, and every executor is told to halt
its body, whether or not we think that it moves.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from robot_voice.events import Outcome
from robot_voice.types import Action, Transcript

from .catalogue import ActionSpec
from .commands import STOP, CommandTable, Found
from .confirm import Question, reply
from .execution import HALT_SECONDS, ActionError, Executor
from .remarks import Category, Policy, Remark, Report, Wish

__all__ = ["Dispatcher", "Policy", "Remark", "Report", "Wish"]

_log = logging.getLogger(__name__)

MAX_WAITING = 4
"""Actions that one executor has before it, besides the one it does."""
SLOW_SECONDS = 2.0
"""An action that took longer is reported when it is done: of a faster one everybody has seen it."""
SLACK_SECONDS = 5.0
"""How much later than a turn is prepared it may be committed."""


@dataclass(eq=False, slots=True)
class _Order:
    action: Action
    spec: ActionSpec
    language: str
    at: float
    outcome: Outcome = "stopped"
    reason: str = ""
    task: asyncio.Task[None] | None = None


@dataclass(slots=True)
class _Plan:
    """What follows from some words."""

    action: Action | None = None
    """To be submitted."""
    question: Question | None = None
    """To be asked."""
    remark: Remark | None = None
    spec: ActionSpec | None = None
    language: str = ""


@dataclass(slots=True)
class Dispatcher:
    """Lives on the event loop, within ``open``."""

    table: CommandTable
    executors: Mapping[str, Executor]
    """By the names in the declarations."""
    report: Callable[[Report], None]
    """Is told of the end of everything that was submitted to an executor."""
    policy: Policy = field(default_factory=Policy)
    _question: Question | None = field(default=None, init=False)
    _supposed: tuple[str, Found] | None = field(default=None, init=False)
    _orders: list[_Order] = field(default_factory=list, init=False)
    _locks: Mapping[str, asyncio.Lock] = field(default_factory=dict, init=False)  # while open
    _stopped_at: float = field(default=-math.inf, init=False)
    _halting: set[str] = field(default_factory=set, init=False)
    _tasks: asyncio.TaskGroup = field(default_factory=asyncio.TaskGroup, init=False)

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[Dispatcher]:
        """Act until the end of the context, which stops what is still being done."""
        self._locks = {name: asyncio.Lock() for name in self.executors}
        busy = False
        try:
            async with self._tasks:
                try:
                    yield self
                finally:
                    busy, self._locks = bool(self._orders), {}
                    self.stop()
        finally:
            async with asyncio.TaskGroup() as last:
                for name in self.executors:
                    last.create_task(self._let_go(name, halt=busy))

    @property
    def under_way(self) -> Sequence[Action]:
        """What is being done, or waits for its turn, in the order in which it was submitted."""
        return [order.action for order in self._orders]

    def preview(self, transcript: Transcript) -> Remark | None:
        """What the robot would say to these words. None: they are no command, or one that is left
        to listeners; then the answer is the model's."""
        return self._plan(transcript, _now()).remark

    def suppose(self, transcript: Transcript, found: Found) -> None:
        """A model takes these words, which are no command by themselves, for this one
        (``scoring.Chooser``); it counts if they are the next to be committed."""
        self._supposed = transcript.text, found

    def commit(self, transcript: Transcript) -> Sequence[Action]:
        """The words are certain: do what they command. Returns what was submitted."""
        plan = self._plan(transcript, _now() - SLACK_SECONDS)
        self._question = replace(plan.question, at=_now()) if plan.question else None
        self._supposed = None
        return self._submit(plan)

    def wish(self, action: Action, language: str) -> Wish:
        """An action that only a model took from words, which are committed."""
        plan = self._judged(Found(action, "scored", ""), language)
        return Wish(self._submit(plan), plan.remark, plan.question)

    def ask(self, question: Question) -> None:
        """The robot is asking this now: the next yes is for it."""
        self._question = replace(question, at=_now())

    def withdraw(self) -> None:
        """The words of the latest ``preview`` never were."""
        self._supposed = None

    def stop(self) -> None:
        """Somebody said "stop": now, whatever it is."""
        self._question, self._stopped_at = None, _now()
        for order in self._orders:
            if order.task is not None:
                order.task.cancel()
        for name in self._locks.keys() - self._halting:
            self._halting.add(name)
            self._tasks.create_task(self._halt(name))

    # --- deciding: changes nothing ---------------------------------------------------------

    def _plan(self, transcript: Transcript, at: float) -> _Plan:
        question = self._question
        answer = reply(question, transcript.text, at)
        if question is not None and answer == "yes":
            return self._judged(Found(question.action, "exact", ""), question.language, sure=True)
        if question is not None and answer == "no":
            return _Plan(remark=Remark("action_dropped", "", question.language))
        found = self.table.find(transcript)
        if found is None and self._supposed is not None and self._supposed[0] == transcript.text:
            found = self._supposed[1]
        return self._judged(found, transcript.language) if found else _Plan()

    def _judged(self, found: Found, language: str, *, sure: bool = False) -> _Plan:
        """``sure``: the robot has asked, and this is what it was told to do."""
        action, known = found.action, self.table.known
        words = known.words(action, language)
        try:
            spec = known.check(action)
        except ActionError:
            return _Plan(remark=Remark("action_unknown", words, language))
        if self.policy.forbidden & {action.name, spec.safety}:
            return _Plan(remark=Remark("action_forbidden", words, language))
        guessed = found.how == "scored" and spec.safety != "harmless"
        if not sure and (spec.confirm or (guessed and self.policy.ask_when_guessed)):
            question = Question(action, language, 0.0)
            return _Plan(question=question, remark=Remark("action_confirm", words, language))
        full = spec.executor and self._waiting(spec.executor) > MAX_WAITING
        if full and action.name != STOP:
            return _Plan(remark=Remark("action_busy", words, language))
        remark = Remark("action_ok", words, language) if spec.executor in self.executors else None
        return _Plan(action, None, remark, spec, language)

    @property
    def _moves(self) -> bool:
        """Whether something is under way, and is not being stopped."""
        return any(o.task is not None and not o.task.cancelling() for o in self._orders)

    def _waiting(self, executor: str) -> int:
        return sum(order.spec.executor == executor for order in self._orders)

    # --- doing -----------------------------------------------------------------------------

    def _submit(self, plan: _Plan) -> Sequence[Action]:
        if plan.action is None or plan.spec is None:
            return ()
        just = _now() - self._stopped_at <= SLACK_SECONDS  # before the words were committed
        if plan.action.name == STOP and (self._moves or not just):
            self.stop()  # it must not wait behind what it is to stop
        if plan.spec.executor in self._locks:
            order = _Order(plan.action, plan.spec, plan.language, _now())
            self._orders.append(order)
            order.task = self._tasks.create_task(self._carry_out(order))
            order.task.add_done_callback(lambda _: self._ended(order))
        return (plan.action,)

    async def _carry_out(self, order: _Order) -> None:
        name = order.spec.executor
        limit = self.table.known.executors[name].seconds
        try:
            async with self._locks[name], asyncio.timeout(limit):
                await self.executors[name].execute(order.action)
            order.outcome = "done"
        except ActionError as error:
            order.outcome, order.reason = "failed", str(error)
        except TimeoutError:
            order.outcome, order.reason = "late", f"not done within {limit:g} s"

    def _ended(self, order: _Order) -> None:
        self._orders.remove(order)
        seconds = _now() - order.at
        if order.outcome in ("failed", "late"):
            _log.warning("action %s: %s", order.action.name, order.reason)
        remark = self._told(order, seconds)
        self.report(Report(order.action, order.outcome, seconds, order.reason, remark))

    def _told(self, order: _Order, seconds: float) -> Remark | None:
        said: dict[Outcome, Category] = {"failed": "action_failed", "late": "action_late"}
        if self.policy.tell == "all" and seconds >= SLOW_SECONDS:
            said["done"] = "action_done"
        category = said.get(order.outcome)
        if category is None or self.policy.tell == "none":
            return None
        words = self.table.known.words(order.action, order.language)
        return Remark(category, words, order.language)

    async def _halt(self, name: str) -> None:
        await self._within(name, self.executors[name].halt())
        self._halting.discard(name)

    async def _let_go(self, name: str, *, halt: bool) -> None:
        if halt:
            await self._within(name, self.executors[name].halt())
        await self._within(name, self.executors[name].close())

    async def _within(self, name: str, work: Awaitable[None]) -> None:
        """Wait for it, but not for long."""
        try:
            async with asyncio.timeout(HALT_SECONDS):
                await work
        except (ActionError, TimeoutError) as error:
            _log.warning("executor %s cannot be halted: %s", name, error or "no answer")


def _now() -> float:
    return asyncio.get_running_loop().time()
