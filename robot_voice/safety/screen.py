"""The gate: what leaves here as ``SafeText`` may be spoken, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal, TypeAlias

from robot_voice.config import ToneConfig
from robot_voice.safety_config import SafetyConfig
from robot_voice.types import Draft, SafeText, ScreenAction

from . import disclosure, lexicon, tone
from .care import Care, Said
from .disclosure import Facts
from .emotion import SOBER
from .normalise import normalise
from .patterns import found
from .policy import Verdict, settle
from .policy import judge as judge_
from .reading import Reading, read
from .rules import Rules, rules
from .templates import template

Judge: TypeAlias = Callable[[Draft], float | None]
"""How likely a sentence breaks the guidelines, by a language model; None: no answer in time."""


STYLE = "style_"
"""How the categories of sentences begin that are only not in the robot's style."""


class SafetyScreen:
    """Implements ``engines.Screen``. Remembers nothing but what ``care`` does."""

    def __init__(
        self,
        config: SafetyConfig,
        manner: ToneConfig | None = None,
        facts: Facts | None = None,
        judge: Judge | None = None,
        care: Care | None = None,
        *,
        rewrites: bool = False,
    ) -> None:
        """``manner``: how the robot speaks, also when it says something else. ``facts``: what it
        tells of itself. ``rewrites``: whether a sentence may be asked for again, kinder; else what
        would be softened is replaced.
        """
        self._tone = manner or ToneConfig()
        self._facts = facts or Facts()
        self._region = config.region
        self._judge = judge
        self._rewrites = rewrites
        self.care = care or Care(config.sensitivity)
        self._script = ""
        self._own = config.policy.model_dump(exclude_none=True)
        # Read and compile now, not when the first sentence waits to be spoken.
        lexicon.load()
        for language in ("en", "ko"):
            judge_(Draft("warm", language, user="up"), self.rules())
            self.answer("up", language)

    def rules(self) -> Rules:
        """What leads to what at present."""
        return rules(self.care.sensitivity, self._own)

    def screen(self, draft: Draft) -> SafeText:
        """The draft itself, or the sentence that is said in its place. One that is to be asked for
        again has the action "soften", and the text that is said if that fails."""
        reading = read(draft.user, draft.user_language or draft.language)
        if reading.danger:  # nothing the model wrote is said
            return self._crisis(reading.danger, draft.language, draft.text)
        safe = self._screened(draft)
        if not self._tone.read_emotion:
            return safe
        return replace(safe, manner=_manner(reading))

    def _screened(self, draft: Draft) -> SafeText:
        verdict = self.examine(draft)
        if verdict.action in ("pass", "gray"):
            return self._passed(draft, verdict)
        if verdict.action == "soften" and (draft.again or not self._rewrites):
            verdict = replace(verdict, action="replace")
        action: ScreenAction = "soften" if verdict.action == "soften" else "replace"
        said = self._own_text(verdict.template, draft.language, draft.text)
        return SafeText(said.text, said.language, action, verdict.category)

    def examine(self, draft: Draft) -> Verdict:
        """What is to become of a reply, and why; "gray" only where a judge would be asked and there
        is none, and then it may be said. The user's danger is not looked at."""
        if self.care.is_suppressed(draft.text):
            return Verdict("replace", "suppressed", "hurt", (0, len(draft.text)), 1.0)
        verdict = judge_(draft, self.rules(), crisis=self.care.crisis)
        if verdict.action != "gray":
            return verdict
        unkind = self._judge(draft) if self._judge else None
        settled = settle(verdict, self.rules(), unkind)
        return verdict if settled.action == "pass" and unkind is None else settled

    def answer(
        self, user: str, language: str, said: str = "", user_language: str = ""
    ) -> SafeText | None:
        """What is said to these words whatever the model thinks: to a cry for help, to somebody who
        was hurt by what the robot ``said``, to abuse, to a question about the robot. None: nothing.

        ``language`` is that of the answer, ``user_language`` that of the words if it is another.
        """
        reading = read(user, user_language or language)
        if reading.danger:
            return self._crisis(reading.danger, language, user)
        if reading.feedback and said:
            return self._own_text("feedback", language, f"{user}{self.care.complaints}")
        question = disclosure.asked(user, user_language or language)
        if question:
            text = disclosure.answer(question, language, self._tone.korean_level, self._facts)
            spoken = disclosure.spoken_language(language)
            return SafeText(text, spoken, "replace", "disclosure")
        if reading.abuse:
            return self._own_text("abuse", language, user)
        return None

    def reading(self, user: str, language: str) -> Reading:
        """What the user's words tell about the user."""
        return read(user, language)

    def script_heard(self, said: str) -> None:
        """What of the robot's last words was heard: if it is the whole script for a crisis, that is
        not said again."""
        if self._script and self._script in said:
            self.care.told = True

    def notice(self, language: str, name: str) -> SafeText:
        """What the robot says of itself at a first meeting."""
        text = disclosure.notice(language, self._tone.korean_level, self._facts, name)
        return SafeText(text, disclosure.spoken_language(language), "pass", "notice")

    def reminder(self, language: str) -> SafeText:
        """What a child is told again from time to time."""
        text = disclosure.reminder(language, self._tone.korean_level)
        return SafeText(text, disclosure.spoken_language(language), "pass", "reminder")

    def _passed(self, draft: Draft, verdict: Verdict) -> SafeText:
        scores = verdict.scores or {}
        self.care.passed(Said(draft.text, draft.language, verdict.category, scores))
        if draft.again:
            return SafeText(draft.text, draft.language, "soften", draft.again)
        if found("warning", normalise(draft.text).strict):  # there is no time for style
            return SafeText(draft.text, draft.language)
        if self._rewrites and (off := tone.off_style(draft.text, draft.language, self._tone)):
            return SafeText(draft.text, draft.language, "soften", f"{STYLE}{off}")
        doubtful = "doubtful" if verdict.action == "gray" else ""
        return SafeText(draft.text, draft.language, "pass", doubtful)

    def _crisis(self, danger: str, language: str, instead_of: str) -> SafeText:
        again = self.care.told and danger == "crisis"
        said = self._own_text("crisis_stay" if again else danger, language, instead_of)
        if danger == "crisis" and not again:
            self._script = said.text
        return SafeText(said.text, said.language, "crisis", danger, "gentle")

    def _own_text(self, category: str, language: str, instead_of: str) -> SafeText:
        level = self._tone.korean_level
        return template(category, language, level, "replace", instead_of, self._region)


def _manner(reading: Reading) -> Literal["", "gentle", "bright"]:
    if reading.feeling in SOBER:
        return "gentle"
    return "bright" if reading.feeling == "joy" else ""
