"""Which token comes next, by llama.cpp's samplers; and actions in a reply that follow a grammar.

A grammar that watched the whole reply would cost a look at the whole vocabulary for each token. So
it begins where an action does: from the opening mark on, only what the grammar allows is drawn, and
behind the action the reply ends. A token that holds more than the end of the mark (">{") goes
unwatched, as does a server elsewhere: what is written there is checked by ``actions.grammar``.
"""

from __future__ import annotations

from typing import Any

import llama_cpp.llama_cpp as c

from robot_voice.actions.grammar import OPEN
from robot_voice.errors import ModelError
from robot_voice.llm_config import LlmConfig

PENALTY_TOKENS = 64
"""How far back the repeat penalty looks, within the reply (llama.cpp's default)."""
_MARK = OPEN.encode()


class Sampler:
    """Repeat penalty, then the likeliest token, or a draw from the likeliest that sum to top_p.
    Owned by one thread."""

    def __init__(self, vocabulary: Any, config: LlmConfig) -> None:
        """``vocabulary``: llama.cpp's, which must outlive this."""
        self._vocabulary = vocabulary
        self._config = config
        self._plain = self._chain(None)
        self._bound: Any = None
        self._grammar = b""
        self._end = b""  # the last bytes of the reply

    def constrain(self, grammar: str) -> None:
        """Between the marks of an action, what is written follows this GBNF from now on; empty:
        nothing need. Raises ``ModelError`` for one that llama.cpp cannot read."""
        if grammar:
            c.llama_sampler_free(self._chain(grammar.encode()))
        self._grammar = grammar.encode()

    def reset(self) -> None:
        """A reply begins."""
        self._free_bound()
        self._end = b""
        c.llama_sampler_reset(self._plain)

    def sample(self, context: Any) -> int:
        """The next token, by the logits of the last that ``context`` has evaluated."""
        return int(c.llama_sampler_sample(self._bound or self._plain, context, -1))

    def wrote(self, piece: bytes) -> None:
        """The token that was drawn last, as bytes."""
        self._end = (self._end + piece)[-len(_MARK) :]
        if self._grammar and not self._bound and self._end == _MARK:
            self._bound = self._chain(self._grammar)

    def close(self) -> None:
        """Free everything."""
        self._free_bound()
        c.llama_sampler_free(self._plain)

    def _free_bound(self) -> None:
        bound, self._bound = self._bound, None
        if bound:
            c.llama_sampler_free(bound)

    def _chain(self, grammar: bytes | None) -> Any:
        config = self._config
        chain = c.llama_sampler_chain_init(c.llama_sampler_chain_default_params())
        add = c.llama_sampler_chain_add
        if grammar is not None:
            rules = c.llama_sampler_init_grammar(self._vocabulary, grammar, b"root")
            if not rules:
                c.llama_sampler_free(chain)
                raise ModelError("llama.cpp cannot read the grammar of the robot's actions")
            add(chain, rules)
        # Only what was sampled is penalised: the robot may repeat the user's words, not its own.
        words, penalty = c.llama_vocab_n_tokens(self._vocabulary), config.repeat_penalty
        add(chain, c.llama_sampler_init_penalties(words, PENALTY_TOKENS, penalty, 0.0, 0.0))
        if config.temperature == 0:
            add(chain, c.llama_sampler_init_greedy())
        else:
            add(chain, c.llama_sampler_init_top_p(config.top_p, 1))
            add(chain, c.llama_sampler_init_temp(config.temperature))
            add(chain, c.llama_sampler_init_dist(config.seed & 0xFFFFFFFF))
        return chain
