"""``robot-voice run``: the assistant as a service.

One *session* is one configuration at work. SIGHUP reads the configuration anew: one that is seen
to be of no use leaves the session alone, else the session ends and the next begins; when that
fails, the configuration before it is taken again. SIGUSR1 closes the microphone, or opens it again.
SIGTERM and SIGINT end the daemon, in
mid-sentence if need be, with the history saved. A second signal, or a clean end that takes longer
than ``GRACE_SECONDS``, ends it the hard way.

systemd is told READY, RELOADING and STOPPING, and WATCHDOG for as long as sound arrives from the
audio process: a daemon that runs but no longer hears is dead, and is started again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager

from sdnotify import SystemdNotifier

from robot_voice import paths
from robot_voice.audio.device import DeviceAudio
from robot_voice.build import (
    STARTER_NOTICE,
    Assistant,
    Carried,
    assemble,
    barge_in,
    find_models,
    load_actions,
    load_tts,
)
from robot_voice.config import Config
from robot_voice.errors import ConfigError, VoiceError
from robot_voice.events import (
    DeviceChanged,
    EchoChanged,
    Event,
    EventBus,
    Listener,
    Muted,
)
from robot_voice.settings import Loaded

from .control import Control, Hooks, socket_path
from .herald import Herald
from .journal import History, HistoryKeeper
from .ledger import Rejections, Screenings
from .logs import EventLog, setup_logging

_log = logging.getLogger(__name__)

GRACE_SECONDS = 1.8
"""A clean end must not take longer; the unit file and the user wait for two seconds."""

STALE_SECONDS = 5.0
"""Without sound for this long, the watchdog is no longer fed. Re-opening a device takes up to 2 s,
and an audio process that died is restarted well within this."""


def run_daemon(load: Callable[[], Loaded], *listeners: Listener) -> None:
    """Serve until a signal ends it. ``load`` reads the configuration, now and at every SIGHUP;
    ``listeners`` are told what happens.

    Raises what keeps it from starting: ``ConfigError``, ``ModelError``, an engine's error.
    """
    loaded = _checked(load())
    try:
        asyncio.run(_Daemon(load, listeners).serve(loaded))
    except* VoiceError as errors:
        raise _first(errors) from errors
    except* Exception:
        _log.critical("a bug ended the daemon; the supervisor may start it again", exc_info=True)
        raise


class _Daemon:
    def __init__(self, load: Callable[[], Loaded], listeners: Sequence[Listener] = ()) -> None:
        self._load = load
        self._listeners = listeners
        self._systemd = SystemdNotifier()
        self._loading = True
        self._stopping = False
        self._asked = asyncio.Event()
        self._device: DeviceAudio | None = None
        self._carried = Carried()

    async def serve(self, loaded: Loaded) -> None:
        """One session after another, until a signal ends it."""
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, self._stop, name)
        loop.add_signal_handler(signal.SIGHUP, self._asked.set)
        loop.add_signal_handler(signal.SIGUSR1, self._toggle_mute)
        proven: Loaded | None = None  # the last configuration with which a session began
        following: Loaded | None = loaded
        while following is not None and not self._stopping:
            setup_logging(following.config.log)
            try:
                async with self._session(following) as assistant:
                    proven = following
                    following = await self._listen(following, assistant)
            except* VoiceError as errors:
                if proven is None or following is proven:
                    raise
                _log.error(
                    "the new configuration cannot be used; the old one is back: %s", _first(errors)
                )
                following = proven

    @asynccontextmanager
    async def _session(self, loaded: Loaded) -> AsyncGenerator[Assistant]:
        """The sound card, the engines and the history, for one configuration."""
        config = loaded.config
        rejections, screenings = Rejections(), Screenings()
        events = EventBus(EventLog(), _tell_devices, rejections, screenings, *self._listeners)
        herald = Herald()
        self._loading = True

        def happened(event: Event) -> None:
            events.emit(event)
            herald.device(event)

        async with (
            DeviceAudio(config.audio, config.vad, happened, barge_in=barge_in(config)) as device,
            asyncio.TaskGroup() as tasks,
        ):
            self._device = device
            watching = tasks.create_task(self._watch(device))
            # The sound card opens while the engines load.
            async with assemble(loaded, device.listen, device, events.emit) as assistant:
                await device.first_status()
                if assistant.models.starter:
                    _log.info(STARTER_NOTICE)
                assistant.go_on(self._carried)
                herald.begin(assistant.pipeline.announce, assistant.news)
                hooks = _hooks(assistant, device, rejections, screenings)
                with _history(config, assistant, events):
                    async with Control(hooks).listen(socket_path()):
                        yield assistant
                self._carried = assistant.carried()
                herald.end()
            watching.cancel()

    async def _listen(self, loaded: Loaded, assistant: Assistant) -> Loaded | None:
        """Serve until a signal ends it (None) or brings a configuration to go on with."""
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(assistant.pipeline.run())
            self._loading = False
            _log.info("ready", extra={"config": str(loaded.file or "defaults")})
            following = await self._following(f"STATUS=listening as {loaded.config.persona.name}")
            await assistant.pipeline.interrupt()
            running.cancel()
        return following

    async def _following(self, status: str) -> Loaded | None:
        while True:
            self._notify("READY=1", status)
            await self._asked.wait()
            self._asked.clear()
            if self._stopping:
                return None
            self._notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
            try:
                return await asyncio.to_thread(self._read)
            except VoiceError as error:
                _log.error("the new configuration cannot be used; the old one stays: %s", error)

    def _read(self) -> Loaded:
        """The configuration, read anew. Raises what keeps it from being used, as far as can be
        told while another one is at work."""
        loaded = _checked(self._load())
        find_models(loaded)
        load_actions(loaded)
        load_tts(loaded).close()
        return loaded

    # --- signals ---------------------------------------------------------------

    def _toggle_mute(self) -> None:
        if self._device is not None:
            self._device.mute(not self._device.muted)

    def _stop(self, name: signal.Signals) -> None:
        if self._stopping:  # asked twice
            os._exit(128 + name)
        self._stopping = True
        _log.info("stopping", extra={"signal": name.name})
        self._notify("STOPPING=1")
        if self._loading:  # native code cannot be interrupted, and there is nothing to save yet
            os._exit(0)
        # A thread, not a timer: the loop itself may be what does not end.
        limit = threading.Timer(GRACE_SECONDS, self._give_up)
        limit.daemon = True
        limit.start()
        self._asked.set()

    def _give_up(self) -> None:
        # Not by the log: another thread may hold its lock.
        os.write(2, b"an engine did not end in time; leaving it behind\n")
        os._exit(0)  # it was asked to stop, and every save before this one was whole

    # --- systemd ---------------------------------------------------------------

    def _notify(self, *lines: str) -> None:
        self._systemd.notify("\n".join(lines))

    async def _watch(self, device: DeviceAudio) -> None:
        """Feed the watchdog while sound arrives."""
        microseconds = os.environ.get("WATCHDOG_USEC", "")
        if not microseconds.isdigit():
            return
        loop = asyncio.get_running_loop()
        began = loop.time()
        while True:
            await asyncio.sleep(int(microseconds) / 1e6 / 3)
            silence = loop.time() - max(began, device.progress)
            if silence < STALE_SECONDS:
                self._notify("WATCHDOG=1")
            else:
                _log.error("no sound has arrived for %.0f s", silence)


@contextlib.contextmanager
def _history(config: Config, assistant: Assistant, events: EventBus) -> Iterator[None]:
    """Remember what was said before, and keep what is said, if the owner wants that."""
    if not config.conversation.save_history:
        yield
        return
    history = History(paths.user_state() / "history.json")
    assistant.conversation.restore(history.load())
    keeper = HistoryKeeper(history, lambda: assistant.conversation.preview(""))
    events.add(keeper)
    try:
        yield
    finally:
        keeper.close()


def _hooks(
    assistant: Assistant, device: DeviceAudio, rejections: Rejections, screenings: Screenings
) -> Hooks:
    """What the robot's own software may ask for."""
    pipeline, config = assistant.pipeline, assistant.config

    def motion(level: float) -> None:
        pipeline.motion(level)
        device.motion(level)

    return Hooks(
        motion=motion,
        interrupt=pipeline.interrupt,
        mute=device.mute,
        adapter=assistant.adapt,
        status=lambda: {
            "name": config.persona.name,
            "mode": config.mode,
            "idle": pipeline.idle,
            "muted": device.muted,
            "not_believed": dict(rejections.counts),
            "screened": dict(screenings.counts),
            "asr": assistant.models.asr.name,
            "llm": assistant.models.llm.name,
        },
    )


def _tell_devices(event: Event) -> None:
    """Why a device is missing: the sound system's words, which the event log keeps to itself."""
    if isinstance(event, DeviceChanged):
        if event.present:
            _log.info("the %s is there", event.device)
        else:
            _log.warning("waiting for the %s: %s", event.device, event.detail)
    elif isinstance(event, EchoChanged):
        _log.info("echo: %s%s", event.mode, f" ({event.reason})" if event.reason else "")
    elif isinstance(event, Muted):
        _log.info("the microphone is %s", "closed: muted" if event.muted else "open")


def _first(group: BaseExceptionGroup[VoiceError]) -> VoiceError:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


def _checked(loaded: Loaded) -> Loaded:
    if loaded.config.mode == "push-to-talk":
        raise ConfigError(
            'mode = "push-to-talk" needs a key, and a daemon has none: use `robot-voice talk`, '
            'or set mode = "listen"'
        )
    return loaded
