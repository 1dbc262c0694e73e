"""Everything an owner may set, with its default. ``settings`` reads it from files and elsewhere.

Each section is frozen and refuses unknown keys. The text behind each field is what
``robot-voice config schema`` shows.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from .llm_config import ActionsConfig, LlmConfig, MemoryConfig, SkillsConfig
from .safety_config import DisclosureConfig, ReportsConfig, SafetyConfig
from .section import Fraction, HotWord, Language, Seconds, Section, Threads
from .turn_config import BargeInConfig, EndpointConfig, SoundsConfig


class LanguageConfig(Section):
    allowed: tuple[Language, ...] = Field(("en", "ko"), min_length=1)
    """Languages people speak to the robot. Anything else is heard as the nearest of these."""
    default: Language = "en"
    """The language assumed while nothing tells otherwise."""
    reply: Literal["user"] | Language = "user"
    """Answer in the user's language ("user"), or always in this one."""

    @model_validator(mode="after")
    def _default_is_allowed(self) -> LanguageConfig:
        if self.default not in self.allowed:
            raise ValueError(f"default {self.default!r} is not in allowed {list(self.allowed)}")
        return self


class PersonaConfig(Section):
    name: str = Field("Nuri", min_length=1, max_length=40)
    """What the robot is called."""
    description: str = Field("a caring humanoid robot", max_length=2000)
    """Who the robot is, in a few words; becomes part of the model's instructions."""
    adapter: str = Field("", max_length=40)
    """The LoRA adapter, one of `llm.adapters`, with which this persona speaks. Empty: none."""


class ToneConfig(Section):
    warmth: Fraction = 0.8
    """0 matter-of-fact, 1 very warm."""
    formality: Literal["casual", "polite", "formal"] = "polite"
    """How English and other languages without speech levels are spoken."""
    korean_level: Literal["반말", "해요체", "합쇼체"] = "해요체"
    """Speech level of Korean replies."""
    playfulness: Fraction = 0.3
    """0 serious, 1 playful."""
    detail: int = Field(2, ge=1, le=5)
    """1 one short sentence, 5 a full explanation."""
    directness: Fraction = 0.5
    """0 gentle and roundabout, 1 straight to the point. The starter model does not know it."""
    humour: bool = True
    """Whether a light joke is allowed where it fits. The starter model does not know it."""
    read_emotion: bool = True
    """Whether the model is told what the user seems to feel, so that it answers with care."""


class AudioConfig(Section):
    input: str | int = "default"
    """Microphone: its name, a part of it, a pattern such as "*USB*mic*", its index, or "default"
    (see `robot-voice devices`)."""
    output: str | int = "default"
    """Loudspeaker, likewise."""
    block_ms: Literal[10, 20, 30] = 10
    """Length of the blocks exchanged with the sound card."""
    echo: Literal["auto", "aec", "half-duplex", "off"] = "auto"
    """How the robot avoids hearing itself: "aec" cancels the echo (needs the extra [aec]),
    "half-duplex" is deaf while it speaks, "off" suits headphones; "auto" takes aec if installed,
    else half-duplex."""
    realtime_priority: int = Field(10, ge=0, le=90)
    """SCHED_RR priority of the audio process where the system allows it; 0 for none."""
    ahead_seconds: float = Field(2.5, ge=0.5, le=60)
    """How much sound may wait in the player. Synthesis runs ahead of playing by 1.5 s more."""
    muted: bool = False
    """Begin with the microphone closed, until `robot-voice control unmute` or SIGUSR1."""


class VadConfig(Section):
    engine: Literal["silero", "webrtc"] = "silero"
    """"silero" is far better in noise; "webrtc" uses next to no CPU."""
    aggressiveness: int = Field(3, ge=0, le=3)
    """How strict webrtc is."""
    start_threshold: Fraction = 0.7
    """A frame at or above this counts as speech while nobody speaks."""
    stop_threshold: Fraction = 0.5
    """A frame below this counts as silence while someone speaks."""
    start_seconds: Seconds = 0.09
    """Speech needed before the user is said to have started."""
    pre_roll_seconds: Seconds = 0.5
    """Audio kept from before the start, so that first consonants survive."""
    max_seconds: float = Field(25.0, ge=4, le=60)
    """A longer utterance is transcribed in parts of about this length."""
    floor_margin_db: float | None = Field(None, ge=0, le=20)
    """Sounds must be this much louder than the room's usual noise to start an utterance; 0 lets
    all pass. Unset: 3 with webrtc, 0 with silero, which does not need it."""


class AsrConfig(Section):
    model: str = "auto"
    """"auto" is what `robot-voice models pull --profile` chose, else the starter; or "starter", a
    model folder, or the name of one in `models/` or the user's data folder."""
    threads: Threads | None = None
    """CPU threads; unset, and at most: the shared budget `cpu.threads`."""
    fallback: Literal["auto", "off"] = "auto"
    """English commands the starter model is unsure of are also looked for by PocketSphinx, if the
    extra [sphinx] is installed. Other models never use it."""
    beam_size: int = Field(1, ge=1, le=10)
    """Wider beams are slower and a little more exact."""
    min_window_seconds: Seconds = 10.0
    """Whisper hears windows of at least this length, and its full 30 s where a shorter one went
    wrong. The starter model was trained on short windows and takes 2 whatever is set here."""
    window_margin_seconds: float = Field(2.0, ge=0, le=30)
    """Silence that Whisper hears after the utterance, at least. The starter model takes 0.5
    whatever is set here."""
    hot_words: tuple[HotWord, ...] = Field((), max_length=100)
    """Names of people, rooms and things that are to be spelled like this when they are heard; the
    robot's own is always one of them. The starter model knows none."""
    word_timestamps: bool = False
    """Find out when each word was said; takes a little longer."""
    timeout_seconds: Seconds = 20.0
    """A transcription that takes longer fails, and the robot apologises."""


class TtsConfig(Section):
    engine: Literal["espeak", "pyttsx3"] = "espeak"
    """"espeak" runs espeak-ng directly; "pyttsx3" uses the voices of macOS or Windows."""
    voices: dict[Language, str] = Field(
        default_factory=lambda: {"en": "en-us", "ko": "ko", "ja": "ja", "zh": "cmn-latn-pinyin"}
    )
    """Voice of each language; one that is missing here uses the language's code. With
    "piper:VOICE.onnx#SPEAKER", "supertonic:FOLDER#STYLE", "espeak:NAME" or "pyttsx3:NAME" it names
    its engine too. A relative path is relative to the file it stands in."""
    rate: int = Field(165, ge=80, le=450)
    """Words per minute."""
    pitch: int = Field(50, ge=0, le=99)
    """0 low, 99 high; neural voices have one pitch."""
    volume: Fraction = 1.0
    """Loudness of the voice."""
    timeout_seconds: Seconds = 10.0
    """A sentence that takes longer to synthesise fails, and the robot apologises."""


class ConversationConfig(Section):
    max_messages: int = Field(20, ge=2, le=1000)
    """How far back the robot remembers within a conversation."""
    save_history: bool = False
    """Keep the conversation on disk across restarts. Off: nothing that was said is kept."""


class InterpretConfig(Section):
    between: tuple[Language, ...] = Field(("ko", "en"), min_length=2, max_length=2)
    """What is said in one of these languages is said again in the other."""
    max_seconds: Seconds = 8.0
    """Whoever speaks for longer is translated in parts of this length, meanwhile."""

    @model_validator(mode="after")
    def _two_languages(self) -> InterpretConfig:
        if self.between[0] == self.between[1]:
            raise ValueError(f"between names {self.between[0]!r} twice: two languages are needed")
        return self


class CpuConfig(Section):
    threads: Threads | None = None
    """Cores the engines may use together; unset: the machine's physical cores."""


class LogConfig(Section):
    level: Literal["debug", "info", "warning", "error"] = "info"
    """Utterances appear at debug only."""
    format: Literal["text", "json"] = "text"
    """"json" writes one object a line."""


class Config(Section):
    """The whole configuration."""

    mode: Literal["listen", "push-to-talk", "interpret"] = "listen"
    """"listen" hears by voice detection; "push-to-talk" only while a key is held; "interpret" says
    what is said in one language again in another."""
    language: LanguageConfig = LanguageConfig()
    persona: PersonaConfig = PersonaConfig()
    tone: ToneConfig = ToneConfig()
    audio: AudioConfig = AudioConfig()
    vad: VadConfig = VadConfig()
    endpoint: EndpointConfig = EndpointConfig()
    barge_in: BargeInConfig = BargeInConfig()
    sounds: SoundsConfig = SoundsConfig()
    asr: AsrConfig = AsrConfig()
    llm: LlmConfig = LlmConfig()
    tts: TtsConfig = TtsConfig()
    safety: SafetyConfig = SafetyConfig()
    disclosure: DisclosureConfig = DisclosureConfig()
    reports: ReportsConfig = ReportsConfig()
    actions: ActionsConfig = ActionsConfig()
    skills: SkillsConfig = SkillsConfig()
    conversation: ConversationConfig = ConversationConfig()
    memory: MemoryConfig = MemoryConfig()
    interpret: InterpretConfig = InterpretConfig()
    cpu: CpuConfig = CpuConfig()
    log: LogConfig = LogConfig()
