"""The echo: how it is cancelled, when that is believed, and what is done meanwhile."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from robot_voice.audio.cancelling import Cancelling
from robot_voice.audio.clips import to_float
from robot_voice.audio.echo import FRAME, Echo, HalfDuplex, NoEcho, make_echo, resolve_echo
from robot_voice.audio.echo_path import EchoPath
from robot_voice.audio.echo_trust import Evidence, Trust
from robot_voice.audio.interruption import Interruption
from robot_voice.audio.linear import LinearCanceller
from robot_voice.audio.listening import Listening
from robot_voice.audio.loudest import Loudest
from robot_voice.audio.overheard import Overheard
from robot_voice.audio.ring import Pcm
from robot_voice.errors import ConfigError
from robot_voice.types import RATE, Samples

CHUNK = 3 * FRAME
DELAY = round(0.1 * RATE)


def voice(seconds: float, seed: int, level: float = 3000.0) -> Pcm:
    """Noise in syllables: as unsteady as speech, and no two alike."""
    dice = np.random.default_rng(seed)
    count = round(seconds * RATE)
    loudness = np.repeat(dice.uniform(0.1, 1.0, count // 1600 + 1), 1600)[:count]
    return (level * loudness * dice.standard_normal(count)).clip(-32000, 32000).astype(np.int16)


def quiet(seconds: float) -> Pcm:
    """A room in which nobody speaks."""
    return np.random.default_rng(9).integers(-5, 6, round(seconds * RATE)).astype(np.int16)


def delayed(sound: Pcm, samples: int = DELAY) -> Pcm:
    return np.concatenate([np.zeros(samples, np.int16), sound])[: len(sound)]


def together(*sounds: Pcm) -> Pcm:
    both: Pcm = np.sum([sound.astype(np.int32) for sound in sounds], axis=0).astype(np.int16)
    return both


def run(echo: Echo | LinearCanceller, near: Pcm, far: Pcm) -> Pcm:
    left = [
        echo.process(near[at : at + CHUNK], far[at : at + CHUNK])
        for at in range(0, len(near) - CHUNK + 1, CHUNK)
    ]
    return np.concatenate(left)


class Canceller:
    """Takes off ``lost`` of what it is given, which a real one delays by 8 ms."""

    def __init__(self, made: list[Canceller], kept: float) -> None:
        made.append(self)
        self.kept = kept
        self._late = np.zeros(128, np.int16)

    def process(self, near: Pcm, far: Pcm) -> Pcm:
        both = np.concatenate([self._late, near])
        self._late = both[-128:]
        return (both[:-128] * self.kept).astype(np.int16)


class Rig:
    """An echo canceller that works as well as it is told to."""

    def __init__(self, kept: float) -> None:
        self.made = list[Canceller]()
        self.kept = kept
        self.echo = Cancelling(lambda: Canceller(self.made, self.kept))
        self._said = 0

    def speak(self, seconds: float, near: Pcm | None = None) -> Pcm:
        """The robot speaks, and hears its echo, and ``near`` with it; what is left of both."""
        self._said += 1
        far = voice(seconds, self._said)
        heard = together(delayed(far) // 2, quiet(seconds))
        return run(self.echo, heard if near is None else together(heard, near), far)


# --- what is cancelled -------------------------------------------------------------------


def test_it_is_deaf_until_the_echo_is_seen_to_be_cancelled_and_listens_then() -> None:
    rig = Rig(kept=0.02)
    left = rig.speak(1.5)
    assert not left[: RATE // 4].any()
    assert left[RATE:].any()
    assert rig.echo.mode == "aec"
    assert rig.echo.reason == ""


def test_an_echo_that_comes_through_makes_it_deaf_and_that_is_told() -> None:
    rig = Rig(kept=1.0)
    assert not rig.speak(2).any()
    assert rig.echo.reason == ""  # it may still be starting
    assert not rig.speak(2).any()
    assert rig.echo.mode == "half-duplex"
    assert "not yet cancelled" in rig.echo.reason


def test_one_that_worked_is_replaced_when_it_fails_and_believed_again_when_it_works() -> None:
    rig = Rig(kept=0.02)
    rig.speak(2)
    before = len(rig.made)
    rig.kept = rig.made[-1].kept = 1.0
    failing = rig.speak(5)
    assert np.count_nonzero(failing) < 0.15 * RATE  # before it was noticed
    assert len(rig.made) == before + 1
    assert "no longer cancelled" in rig.echo.reason
    rig.made[-1].kept = 0.02
    assert rig.speak(4)[-RATE:].any()
    assert rig.echo.reason == ""


def test_a_voice_in_the_midst_of_the_echo_is_no_failure() -> None:
    rig = Rig(kept=0.02)
    rig.speak(2)

    class Talker(Canceller):
        """The echo goes, and the voice stays."""

        def process(self, near: Pcm, far: Pcm) -> Pcm:
            return talk.pop(0)

    somebody = voice(3, 77)
    talk = [somebody[at : at + CHUNK] for at in range(0, len(somebody), CHUNK)]
    rig.echo._canceller = Talker([], 1.0)
    left = rig.speak(3, somebody)
    assert np.count_nonzero(left) > 0.9 * len(left)
    assert rig.echo.reason == ""


def test_a_new_stream_is_not_trusted_at_once() -> None:
    rig = Rig(kept=0.02)
    rig.speak(2)
    rig.echo.reset()
    assert not rig.speak(0.3).any()
    assert len(rig.made) == 2


def test_a_loudspeaker_that_was_closed_is_a_new_stream() -> None:
    rig = Rig(kept=0.02)
    rig.speak(2)
    run(rig.echo, quiet(0.6), np.zeros(0, np.int16))
    assert not rig.speak(0.3).any()
    assert len(rig.made) == 2


def test_without_an_echo_there_is_nothing_to_wait_for() -> None:
    rig = Rig(kept=0.9)
    run(rig.echo, quiet(4), voice(4, 1))
    assert rig.echo.mode == "aec"
    assert run(rig.echo, voice(1, 2), voice(1, 3)).any()


def test_an_echo_that_comes_too_late_is_told_as_such() -> None:
    rig = Rig(kept=0.1)  # what is seen of a canceller that has not noticed yet
    far = voice(5, 1)
    left = run(rig.echo, together(delayed(far, round(0.6 * RATE)) // 2, quiet(5)), far)
    assert not left[: 4 * RATE].any()
    assert "0.60 s" in rig.echo.reason


def test_in_silence_the_canceller_rests() -> None:
    rig = Rig(kept=0.0)
    near = quiet(4)
    left = run(rig.echo, near, np.zeros_like(near))
    assert np.array_equal(left[-RATE:], near[: len(left)][-RATE:])


def test_webrtc_cancels() -> None:
    pytest.importorskip("livekit")
    echo = make_echo("aec")
    far = voice(3, 1)
    near = together(delayed(far) // 2, quiet(3))
    left = run(echo, near, far)
    assert np.std(left[2 * RATE :]) < 0.1 * np.std(near)
    assert echo.mode == "aec"


# --- half-duplex, off ----------------------------------------------------------------------


def test_half_duplex_is_deaf_while_the_robot_speaks_and_while_the_room_may_ring() -> None:
    echo, near = HalfDuplex(), np.full(FRAME, 9, np.int16)
    silence, sound = np.zeros(FRAME, np.int16), np.ones(FRAME, np.int16)
    assert echo.process(near, silence).all()
    assert not echo.process(near, sound).any()
    assert seconds_deaf(echo, near, silence) == pytest.approx(0.8, abs=0.02)


def seconds_deaf(echo: HalfDuplex, near: Pcm, far: Pcm) -> float:
    deaf = [not echo.process(near, far).any() for _ in range(150)]
    assert deaf.index(False) == sum(deaf)
    return sum(deaf) * len(near) / RATE


@pytest.mark.parametrize("delay", [0.05, 0.4])
def test_half_duplex_learns_how_long_an_echo_takes(delay: float) -> None:
    echo, far = HalfDuplex(), voice(2, 1)
    run(echo, delayed(far, round(delay * RATE)), far)
    near, silence = np.full(FRAME, 9, np.int16), np.zeros(FRAME, np.int16)
    assert seconds_deaf(echo, near, silence) == pytest.approx(delay + 0.3, abs=0.03)


def test_modes() -> None:
    assert isinstance(make_echo("off"), NoEcho)
    assert resolve_echo("auto") in ("aec", "half-duplex")
    assert make_echo("half-duplex").mode == "half-duplex"
    with pytest.raises(ConfigError, match="nonsense"):
        make_echo("nonsense")


# --- the way of the sound ------------------------------------------------------------------


def fed(near: Pcm, left: Pcm, far: Pcm) -> EchoPath:
    path = EchoPath()
    for at in range(0, len(near), CHUNK):
        path.push(near[at : at + CHUNK], left[at : at + CHUNK], far[at : at + CHUNK])
    return path


@pytest.mark.parametrize("delay", [0.02, 0.3, 0.7])
def test_the_delay_is_found_beneath_a_voice(delay: float) -> None:
    far, somebody = voice(2, 1), voice(2, 2, 1500)
    near = together(delayed(far, round(delay * RATE)) // 2, somebody)
    traces = fed(near, somebody, far).look()
    assert traces.delay == pytest.approx(delay, abs=0.001)
    assert traces.echo > 12
    assert traces.leak < 6


def test_what_the_canceller_left_of_the_echo_is_found_even_when_it_was_clipped() -> None:
    far = voice(2, 1)
    near = np.clip(delayed(far), -1500, 1500)
    assert fed(near, delayed(near, 128) // 2, far).look().leak > 12


def test_a_late_block_changes_the_delay_but_not_the_way() -> None:
    far = voice(2, 1)
    near = delayed(far)
    path = fed(near[:-CHUNK], near[:-CHUNK], far[:-CHUNK])
    before = path.look()
    path.push(near[:0], near[:0], far[-CHUNK:])
    after = path.look()
    assert after.delay - before.delay == pytest.approx(CHUNK / RATE)
    assert after.way == pytest.approx(before.way)


def test_silence_has_no_delay() -> None:
    nothing = np.zeros(RATE, np.int16)
    assert fed(nothing, nothing, nothing).look().echo == 0.0


def test_a_constant_offset_is_no_sound() -> None:
    nothing = np.zeros(RATE, np.int16)
    near, left, _ = fed(nothing + 8000, nothing, nothing).levels()
    assert near == left


# --- trust -----------------------------------------------------------------------------------


def after(*evidence: tuple[Evidence, float], trust: Trust | None = None) -> Trust:
    trust = trust or Trust()
    for kind, seconds in evidence:
        for _ in range(round(seconds / 0.03)):
            trust.push(kind, 0.03)
    return trust


GOOD, BAD, NONE, QUIET = Evidence.CANCELLED, Evidence.LEAK, Evidence.NONE, Evidence.QUIET


@pytest.mark.parametrize(
    ("evidence", "listens"),
    [
        ([(GOOD, 0.2)], False),
        ([(GOOD, 0.4)], True),
        ([(GOOD, 0.2), (NONE, 0.2), (GOOD, 0.2)], False),
        ([(NONE, 9.0)], False),
        ([(QUIET, 1.5)], False),
        ([(QUIET, 2.5)], True),
        ([(GOOD, 0.4), (BAD, 0.06)], False),
        ([(GOOD, 0.4), (BAD, 0.06), (NONE, 0.3)], True),
        ([(GOOD, 0.4), (BAD, 0.3), (NONE, 0.15)], False),
        ([(GOOD, 0.4), (BAD, 0.06), (NONE, 1.0), (BAD, 0.06), (NONE, 1.0)], True),
        ([(GOOD, 0.4), (NONE, 60.0)], True),
        ([(GOOD, 0.4), (Evidence.MOVED, 0.03), (GOOD, 0.2)], False),
        ([(GOOD, 0.4), (Evidence.MOVED, 0.03), (GOOD, 0.4)], True),
    ],
)
def test_trust(evidence: list[tuple[Evidence, float]], listens: bool) -> None:
    assert after(*evidence).listens == listens


def test_who_fails_soon_must_work_for_longer() -> None:
    trust = after((GOOD, 0.4), (BAD, 0.3))
    assert not after((GOOD, 0.6), trust=trust).listens
    assert after((GOOD, 1.0), trust=trust).listens


def test_who_fails_late_is_forgiven() -> None:
    trust = after((GOOD, 15.0), (BAD, 0.3))
    assert after((GOOD, 0.4), trust=trust).listens


def told(moments: Iterable[tuple[Evidence, float]]) -> list[bool]:
    trust, told = Trust(), [True]
    for moment in moments:
        after(moment, trust=trust)
        if told[-1] != trust.told:
            told.append(trust.told)
    return told


def test_only_lasting_deafness_is_told_and_so_is_its_end() -> None:
    assert told([(NONE, 1.0), (GOOD, 0.5), (BAD, 0.3), (GOOD, 2.0)]) == [True]
    assert told([(NONE, 3.0), (NONE, 3.0), (GOOD, 4.0)]) == [True, False, True]


# --- talking into its words ------------------------------------------------------------------


def sound(level: float, offset: float = 0.0) -> Samples:
    noise = level * np.random.default_rng(0).standard_normal(512)
    return (noise + offset).astype(np.float32)


def grown() -> Interruption:
    """One that has heard an echo for long enough."""
    interruption = Interruption()
    for _ in range(100):
        interruption.push(0.0, sound(0.0), sound(0.1, offset=0.2))
    return interruption


def interrupted(*windows: tuple[float, float], motion: float = 0.0) -> bool:
    """(probability, level of what was left) of windows with an echo of level 0.1."""
    interruption = grown()
    interruption.motion = motion
    return [
        interruption.push(speech, sound(left), sound(0.1, offset=0.2)) for speech, left in windows
    ][-1]


def test_pieces_of_a_voice_interrupt() -> None:
    assert interrupted((0.1, 0.001), (0.3, 0.05), (0.3, 0.05))
    assert interrupted((0.0, 0.001), (0.6, 0.05))


def test_what_is_left_of_the_echo_does_not_interrupt_whatever_it_sounds_like() -> None:
    assert not interrupted(*[(0.9, 0.005)] * 5)


def test_a_word_that_a_young_canceller_lets_through_does_not_interrupt() -> None:
    assert not interrupted(*[(0.05, 0.005)] * 5, (0.31, 0.05))
    interruption = Interruption()
    heard = [interruption.push(0.8, sound(0.05), sound(0.1)) for _ in range(4)]
    assert heard == [False, False, True, True], "but a voice does"
    interruption = grown()
    interruption.forget()
    assert not interruption.push(0.8, sound(0.05), sound(0.1))


def test_a_noise_does_not_interrupt() -> None:
    assert not interrupted(*[(0.05, 0.1)] * 9)


def test_while_its_own_motors_run_more_is_needed() -> None:
    assert interrupted((0.6, 0.05))
    assert not interrupted((0.6, 0.05), motion=1.0)


def test_the_level_of_the_echo_outlasts_a_silence_and_the_voice_before_it_does_not() -> None:
    interruption = grown()
    assert interruption.push(0.9, sound(0.1), sound(0.1))
    interruption.pause()
    assert not interruption.push(0.2, sound(0.05), sound(0.05))
    assert not interruption.push(0.9, sound(0.005), sound(0.005))


def test_a_pause_is_no_measure_of_the_echo() -> None:
    """What a canceller leaves of the first breath of a sentence is as loud as that is."""
    loudest = Loudest()
    assert [loudest.push(level) for level in (-60.0, -30.0, -20.0)] == [-60.0, -30.0, -20.0]
    assert {loudest.push(-60.0) for _ in range(50)} == {-20.0}
    assert loudest.push(-50.0) == loudest.push(-40.0) == -20.0


def test_somebody_may_turn_the_volume_down() -> None:
    loudest = Loudest()
    loudest.push(-10.0)
    heard = [loudest.push(-40.0) for _ in range(100)]
    assert heard[0] == -10.0 and heard[-1] == -40.0
    assert [loudest.push(-20.0) for _ in range(50)][-1] == -20.0
    loudest.forget()
    assert loudest.push(-70.0) == -70.0


def test_the_room_s_own_reverberation_is_faint_and_a_voice_is_not() -> None:
    interruption = Interruption()
    interruption.push(0.9, sound(0.001), sound(0.1))
    assert interruption.faint
    interruption.push(0.9, sound(0.05), sound(0.1))
    assert not interruption.faint


# --- the second pair of ears -----------------------------------------------------------------


def decibels(sound: Pcm) -> float:
    return float(20 * np.log10(np.std(sound.astype(np.float64)) + 1e-3))


def test_the_linear_canceller_takes_the_echo_and_leaves_the_voice() -> None:
    far, somebody = voice(3, 1), voice(3, 2, 1500)
    somebody[: 2 * RATE] = 0
    near = together(delayed(far) // 2, somebody)
    left = run(LinearCanceller(DELAY / RATE), near, far)
    echo = decibels(far // 2)
    assert decibels(left[RATE : 2 * RATE]) < echo - 20
    error = left[2 * RATE :] - somebody[2 * RATE : len(left)]
    assert decibels(error) < decibels(somebody[2 * RATE :]) - 10


def test_the_linear_canceller_rests_while_the_loudspeaker_does() -> None:
    canceller, near = LinearCanceller(0.1), quiet(1)
    far = np.zeros_like(near)
    left = canceller.process(near, far)
    assert canceller.rests
    assert np.array_equal(left, near)


class Sure:
    """A detector that takes everything for a voice."""

    window = 512

    def probability(self, samples: Samples) -> float:
        return 0.9

    def reset(self) -> None: ...


LONG = 5 * 512
"""Five windows of the detector, which are 16 frames."""


def overheard(near: Pcm, far: Pcm, delay: float | None = DELAY / RATE) -> list[bool]:
    """For every window whether a voice was heard in it."""
    ears, heard = Overheard(Sure()), list[bool]()
    for at in range(0, len(near) - LONG + 1, LONG):
        part = slice(at, at + LONG)
        left = to_float(ears.cancel(near[part], far[part], delay)).reshape(-1, 512)
        raw = to_float(near[part]).reshape(-1, 512)
        heard += [ears.push(*window) for window in zip(left, raw, strict=True)]
    return heard


def seconds_of(heard: list[bool], start: float, end: float) -> float:
    return sum(heard[round(start * RATE / 512) : round(end * RATE / 512)]) * 512 / RATE


def talk_from(start: float, seconds: float, level: float = 1500) -> Pcm:
    somebody = voice(seconds, 5, level)
    somebody[: round(start * RATE)] = 0
    return somebody


def test_a_voice_as_loud_as_the_echo_is_overheard_at_once_and_the_robot_s_own_never() -> None:
    far = voice(4, 1)
    heard = overheard(together(delayed(far) // 2, talk_from(3, 4)), far)
    assert not seconds_of(heard, 0, 2.9)
    assert seconds_of(heard, 3.0, 3.2) > 0
    assert seconds_of(heard, 3, 4) > 0.5


def test_nothing_is_overheard_before_the_canceller_has_been_seen_to_work() -> None:
    far = voice(2, 1)
    assert not any(overheard(together(delayed(far) // 2, talk_from(0, 2)), far)[:20])


@pytest.mark.parametrize("wrong", ["another sound", "clipped", "no delay"])
def test_a_canceller_that_does_not_work_is_not_asked(wrong: str) -> None:
    far = voice(4, 1)
    back = delayed(voice(4, 8) if wrong == "another sound" else far) // 2
    if wrong == "clipped":
        back = np.clip(back, -200, 200)
    assert not any(overheard(back, far, None if wrong == "no delay" else DELAY / RATE))


@pytest.mark.parametrize("later", [300, 800, 5000])
def test_an_echo_that_comes_another_way_is_no_voice(later: int) -> None:
    far = voice(4, 1)
    back = delayed(far) // 2
    back[3 * RATE :] = delayed(far, DELAY + later)[3 * RATE :] // 2
    assert not any(overheard(back, far))


def test_the_way_is_learnt_anew_only_when_it_is_another() -> None:
    far = voice(4, 1)
    near, ears = delayed(far) // 2, Overheard(Sure())
    late, moved = DELAY / RATE + 0.02, DELAY / RATE + 0.05
    for at, delay in ((0, DELAY / RATE), (RATE, late), (2 * RATE, moved)):
        left = ears.cancel(near[at : at + RATE], far[at : at + RATE], delay)
        if delay == late:
            assert decibels(left) < decibels(near) - 20
    assert decibels(left[: RATE // 10]) > decibels(near) - 10


class Gone(Canceller):
    """Leaves nothing, as a suppressor in double talk."""

    def process(self, near: Pcm, far: Pcm) -> Pcm:
        return super().process(near, far) // 50


def test_listening_hears_a_voice_that_the_suppressor_took_away() -> None:
    far = voice(4, 1)
    near = together(delayed(far) // 2, talk_from(3, 4), quiet(4))
    listening = Listening(Cancelling(lambda: Gone([], 0.5)), Sure(), 0.7, 0.09)
    begins = [
        window.begins
        for at in range(0, len(near) - CHUNK + 1, CHUNK)
        for window in listening.push(near[at : at + CHUNK], far[at : at + CHUNK])
    ]
    assert seconds_of(begins, 0, 2.9) == 0
    assert seconds_of(begins, 3, 3.4) > 0
