"""The language model: loaded, and told who it is and what it can do."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from robot_voice import paths
from robot_voice.actions.commands import CommandTable
from robot_voice.actions.grammar import gbnf
from robot_voice.asr.language import reply_language
from robot_voice.config import Config
from robot_voice.cores import threads_for
from robot_voice.engines import Judge, Llm
from robot_voice.errors import ConfigError, VoiceError
from robot_voice.llm.abilities import abilities, possible
from robot_voice.llm.prompt import compose
from robot_voice.llm.summary import Limits, limits
from robot_voice.llm_config import AdapterConfig
from robot_voice.models.registry import FoundModel
from robot_voice.settings import Loaded
from robot_voice.types import Transcript

if TYPE_CHECKING:
    from robot_voice.llm.llama import LlamaLlm


def load_llm(loaded: Loaded, model: FoundModel, commands: CommandTable) -> LlamaLlm:
    """With the persona's adapter. Raises ``ModelError``, ``ConfigError`` or ``LlmError``."""
    from robot_voice.llm.llama import LlamaLlm

    config, own = loaded.config, adapters(loaded)
    state = paths.user_cache() / "llm" if config.llm.save_state else None
    settings = config.llm.model_copy(update={"adapters": own})
    engine = LlamaLlm(model.path, settings, threads_for(config, config.llm.threads), state)
    try:
        engine.adapt(config.persona.adapter)
        if not model.is_starter:
            engine.constrain(action_grammar(config, commands))
        # The system prompt of the usual language is read now, not in the first turn.
        engine.warm(instructions(config, commands, starter=model.is_starter))
    except VoiceError:
        engine.close()
        raise
    return engine


def adapters(loaded: Loaded) -> dict[str, AdapterConfig]:
    """The language model's adapters, with whole paths. Raises ``ConfigError`` when that of the
    persona is none of them."""
    found, wanted = loaded.config.llm.adapters, loaded.config.persona.adapter
    if wanted and wanted not in found:
        raise ConfigError(
            f"{loaded.origin(('persona', 'adapter'))}: persona.adapter = {wanted!r}: no adapter of"
            f" this name in llm.adapters. Names: {', '.join(sorted(found)) or 'none'}."
        )
    return {
        name: own.model_copy(update={"path": str(_whole(loaded, name, own.path))})
        for name, own in found.items()
    }


def _whole(loaded: Loaded, name: str, path: str) -> Path:
    base = loaded.base(("llm", "adapters", name, "path")) or Path.cwd()
    return base / Path(path).expanduser()


def conversation_limits(
    config: Config, engine: LlamaLlm, commands: CommandTable, *, starter: bool
) -> Limits:
    """How much of a conversation the model is shown. ``starter``: it cannot sum up the rest."""
    most = config.conversation.max_messages
    if starter:
        return Limits(most)
    rules = instructions(config, commands, starter=starter)
    return limits(most, engine.size, config.llm.max_tokens, rules, engine.count)


def instructions(config: Config, commands: CommandTable, *, starter: bool) -> str:
    """The system prompt of the usual language."""
    language = reply_language(config.language, Transcript("", config.language.default))
    guidance = None if starter else guide(config, commands, language)
    return compose([], language, config.persona, config.tone, guidance)[0].text


def with_remote(local: Llm, loaded: Loaded) -> Llm:
    """The model on board, behind one on another machine if the owner wants that. Raises
    ``ConfigError``."""
    remote = loaded.config.llm.remote
    if not remote.url:
        return local
    from robot_voice.llm.fallback import FallbackLlm
    from robot_voice.llm.remote import RemoteLlm, read_key

    base = loaded.base(("llm", "remote", "key_file")) or Path.cwd()
    file = base / Path(remote.key_file).expanduser() if remote.key_file else None
    return FallbackLlm(
        RemoteLlm(loaded.config.llm, read_key(file, os.environ)), local, continues=True
    )


def load_second_opinion(config: Config, model: FoundModel) -> Judge | None:
    """Who judges doubtful sentences; None: nobody. ``model`` is the language model. Raises
    ``ModelError`` or ``LlmError``."""
    wanted = config.safety.judge
    if wanted == "off" or (wanted == "auto" and model.is_starter):
        return None
    from robot_voice.llm.judge import load
    from robot_voice.safety.guidelines import LANGUAGES, rubric

    path = model.path if wanted in ("auto", "llm") else Path(wanted).expanduser()
    rules = {language: rubric(language) for language in LANGUAGES}
    return load(path, rules, threads_for(config, config.llm.threads))


def guide(config: Config, commands: CommandTable, language: str) -> str:
    """For ``llm.prompt.compose``; not for the starter model, which knows no such words.
    ``language``: ISO 639-1 code of the reply."""
    acting = config.actions
    return abilities(commands.known, acting.forbidden, language, asks=acting.in_reply)


def action_grammar(config: Config, commands: CommandTable) -> str:
    """What an action in a reply must look like, in GBNF; empty: no reply may hold one."""
    if not config.actions.in_reply:
        return ""
    allowed = [spec.name for spec in possible(commands.known, config.actions.forbidden)]
    return gbnf(commands.known, allowed, "inside") if allowed else ""
