"""What an owner may set of whose turn it is to speak, and of what is heard in between."""

from __future__ import annotations

from .section import Fraction, HotWord, Seconds, Section


class EndpointConfig(Section):
    soft_end_seconds: Seconds = 0.2
    """Silence after which the robot begins to think, without speaking."""
    complete_seconds: Seconds = 0.4
    """Silence that ends a turn after a sentence that is complete."""
    unknown_seconds: Seconds = 0.7
    """The same, when the words do not tell."""
    unfinished_seconds: Seconds = 1.3
    """The same, after "and", "음", a connective ending."""
    command_seconds: Seconds = 0.25
    """The same, after a complete command of the robot's table. Less than 0.25 is taken for that."""
    turn_model: str | None = None
    """Path of an acoustic turn model in the format of smart-turn v3 (ONNX), which shortens or
    lengthens these times by up to 40 % by the sound of the voice; unset: none."""


class BargeInConfig(Section):
    stop_words: tuple[HotWord, ...] = (
        *("stop", "stop it", "stop talking", "be quiet", "shut up", "silence", "freeze", "halt"),
        *(
            "멈춰",
            "멈춰요",
            "그만",
            "그만해",
            "그만해요",
            "그만해 주세요",
            "정지",
            "스톱",
            "조용히 해",
        ),
        *(
            "やめて",
            "止まって",
            "止まれ",
            "ストップ",
            "停下",
            "停下来",
            "停",
            "停止",
            "住口",
            "别说了",
        ),
        *("aufhören", "alto", "detente", "arrête", "arrêtez", "para ya", "basta", "стоп"),
    )
    """Whoever says one of these, and nothing else, silences the robot at once, in any language; its
    body is told too. So does the command "stop" of the robot's table."""
    backchannels: tuple[HotWord, ...] = (
        *("uh-huh", "uh huh", "mm-hm", "mm hm", "mhm", "mm", "hmm", "hm", "uh", "oh", "ah", "yeah"),
        *("yes", "yep", "okay", "ok", "right", "i see", "sure", "really", "wow", "got it", "cool"),
        *(
            "응",
            "응응",
            "음",
            "어",
            "네",
            "네네",
            "예",
            "그래",
            "그래요",
            "그렇구나",
            "그렇군요",
            "아",
        ),
        *(
            "아하",
            "오",
            "와",
            "맞아",
            "맞아요",
            "진짜",
            "정말",
            "うん",
            "うんうん",
            "はい",
            "ええ",
            "へえ",
        ),
        *(
            "そうですね",
            "なるほど",
            "嗯",
            "嗯嗯",
            "对",
            "对对",
            "是的",
            "好的",
            "哦",
            "aha",
            "ja",
            "sí",
        ),
    )
    """Murmured while the robot speaks, these do not interrupt it, unless it has asked something."""


class SoundsConfig(Section):
    earcons: bool = False
    """Short sounds when the robot begins to listen, while it thinks and when something failed."""
    volume: Fraction = 0.5
    """Loudness of these sounds."""
    filler: bool = True
    """Say a few words, such as "let me think", when an answer takes longer than 1.2 s; never to
    somebody who is upset."""
