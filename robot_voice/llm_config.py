"""What an owner may set of thinking: the language model, and what the robot does."""

from __future__ import annotations

import re
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, model_validator

from .section import Fraction, Seconds, Section, Threads

CacheType: TypeAlias = Literal["f16", "q8_0", "q4_0"]
"""Number formats of the KV cache, as llama.cpp names them."""
AdapterName: TypeAlias = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
StopText: TypeAlias = Annotated[str, Field(min_length=1, max_length=40)]

_ADDRESS = re.compile(r"https?://(\[[0-9a-fA-F:.]+\]|[^\s/?#@:\[\]]+)(:\d{1,5})?(/[^\s?#]*)?")


class RemoteConfig(Section):
    url: str = ""
    """Base address of an OpenAI-compatible server (llama-server, vLLM, Ollama, a gateway), such as
    "http://192.168.0.2:8080/v1". What people say to the robot is then sent there, and the model on
    board answers when it cannot. Empty: no server is ever contacted."""
    model: str = ""
    """Name of the model there. Empty: none is sent, for servers that have but one."""
    key_file: str = ""
    """File with nothing but the server's key (bearer token). Empty: the key is in the environment
    variable `ROBOT_VOICE_LLM_KEY`, or the server wants none."""
    connect_seconds: Seconds = 1.0
    """Longest wait for a connection, encryption included."""
    first_token_seconds: Seconds = 4.0
    """Longest wait for a reply's first word after that."""
    stall_seconds: Seconds = 2.0
    """Longest wait for the next word."""

    @model_validator(mode="after")
    def _is_an_address_without_secrets(self) -> RemoteConfig:
        """A configuration is shown and copied, so it holds no passwords; nor do messages."""
        if self.url and not _ADDRESS.fullmatch(self.url):
            raise ValueError(
                "url must look like http://HOST:PORT/v1 or https://HOST/v1, without a user name, a"
                " password, ? or #; a key belongs into key_file"
            )
        return self


class AdapterConfig(Section):
    path: str = Field(min_length=1)
    """A LoRA adapter for this model (GGUF); `scripts/lora` trains one. A relative path is relative
    to the file it stands in."""
    scale: float = Field(1.0, ge=0, le=4)
    """How much it counts: 1 as it was trained, 0 nothing."""


class LlmConfig(Section):
    model: str = "auto"
    """"auto" is what `robot-voice models pull --profile` chose, else the starter; or "starter", a
    GGUF file, or the name of one in `models/` or the user's data folder."""
    threads: Threads | None = None
    """CPU threads; unset: the shared budget `cpu.threads`."""
    context_tokens: int = Field(2048, ge=256, le=131072)
    """Size of the context window; the model's own limit caps it."""
    max_tokens: int = Field(160, ge=1, le=4096)
    """Longest reply."""
    temperature: float = Field(0.0, ge=0, le=2)
    """0 always takes the likeliest word."""
    top_p: Fraction = 0.9
    """Words are drawn from the likeliest that together have this probability."""
    repeat_penalty: float = Field(1.1, ge=1, le=2)
    """Above 1 the model repeats itself less."""
    seed: int = 3
    """Seed of the dice, used when temperature is above 0."""
    repack: bool | None = None
    """Repack weights at load. Unset: off for K-quants, where it doubles memory and slows
    prefill; on for the others."""
    batch_tokens: int = Field(64, ge=16, le=512)
    """Prompt tokens evaluated at once. More may be faster; an interruption then takes longer."""
    flash_attention: bool = False
    """Needed for a quantised V cache; seldom faster on a CPU."""
    cache_type_k: CacheType = "f16"
    """Number format of the K half of the KV cache: q8_0 halves its memory, and is slower."""
    cache_type_v: CacheType = "f16"
    """The same for the V half; other than f16 only with `flash_attention`."""
    mmap: bool = True
    """Map the model file into memory: it loads faster, and a judge with the same file shares it."""
    mlock: bool = False
    """Never let the system swap the model out; the user's limit (`ulimit -l`) must allow it."""
    stop: tuple[StopText, ...] = Field((), max_length=16)
    """Texts that end a reply wherever the model writes them; they are not spoken."""
    save_state: bool = True
    """Keep on disk what reading the instructions took the model, so that the next start is
    quicker. Nothing that anybody said is in it."""
    adapters: dict[AdapterName, AdapterConfig] = Field(default_factory=dict, max_length=8)
    """LoRA adapters, each a table [llm.adapters.NAME] with its `path` and `scale`. All are loaded;
    `persona.adapter` is the one at work, and a running robot may be told to change it."""
    timeout_seconds: Seconds = 30.0
    """A reply whose first word takes longer fails, and the robot apologises."""
    remote: RemoteConfig = RemoteConfig()
    """A larger model on another machine."""

    @model_validator(mode="after")
    def _quantised_values_need_flash_attention(self) -> LlmConfig:
        """llama.cpp reads a quantised V cache in its flash attention alone."""
        if self.cache_type_v != "f16" and not self.flash_attention:
            raise ValueError("cache_type_v other than f16 needs flash_attention = true")
        return self


class MemoryConfig(Section):
    enabled: bool = False
    """Remember, over the end of a conversation, what people ask the robot to ("remember that ...").
    Their words are then kept on this machine until they are told to be forgotten
    (`robot-voice memory`)."""
    summaries: bool = True
    """When a conversation is over, keep its gist as well, which the language model writes (the
    starter cannot), unless something was to be forgotten in it or somebody was in danger."""
    embedder: str = "builtin"
    """What finds memories again: "builtin" by common words and parts of words, or the path of an
    embedding model (GGUF), by meaning and across languages."""
    threshold: float | None = Field(None, ge=0, le=1)
    """Least cosine of a memory that is shown to the model. Unset: 0.25 with "builtin", 0.5 with a
    model; models differ."""
    retention_days: int = Field(365, ge=1, le=36500)
    """How long a memory is kept at most; people may ask for less."""


class ActionsConfig(Section):
    file: str = "base"
    """Table of robot commands: a name in `configs/actions/` or a path."""
    dry_run: bool = False
    """Only pretend to do what the table's executors would do: for demonstrations."""
    forbidden: tuple[Annotated[str, Field(min_length=1, max_length=60)], ...] = Field(
        (), max_length=200
    )
    """Actions that the robot refuses: their names, or classes of safety ("moves", "strong")."""
    in_reply: bool = True
    """Let the language model ask for actions in its reply, for commands in other words. The starter
    model cannot."""
    guess: bool = False
    """Ask the language model which command was meant by words that resemble one, before it replies.
    Takes a 1B model half a second, larger ones longer."""
    ask_when_guessed: bool = True
    """Ask before a movement for words that only the language model took for a command."""
    tell: Literal["all", "failures", "none"] = "all"
    """What the robot says when an action ends: "all" tells of successes that took a while too."""


class SkillsConfig(Section):
    enabled: bool = True
    """Answer questions about the time, the date, sums and measures without the language model, and
    keep timers, alarms and reminders."""
    keep_timers: bool = False
    """Keep them on disk, with the words of reminders, so that they ring after a restart too."""
