"""Our exception hierarchy:

* VoiceError
  x ConfigError           the configuration cannot be used; nothing starts
  x ModelError            a model is missing, truncated or of the wrong kind
  x AudioError            the device is gone; it is reopened with back-off
  x EngineError           an engine failed; the turn ends with an apology, the robot goes on
    + AsrError
    + LlmError
    + TtsError
    + SafetyError         a sentence could not be judged, so it is not spoken

Anything else that is raised is a bug: it ends the process, and the supervisor starts it again.
"""


class VoiceError(Exception):
    """Base class of everything this package raises on purpose."""


class ConfigError(VoiceError):
    """The configuration cannot be used."""


class ModelError(VoiceError):
    """A model is missing, damaged or of the wrong kind."""


class AudioError(VoiceError):
    """The sound device failed or went away."""


class EngineError(VoiceError):
    """An engine failed. The turn ends; the robot goes on listening."""


class AsrError(EngineError):
    """Speech could not be turned into text."""


class LlmError(EngineError):
    """No reply could be generated."""


class TtsError(EngineError):
    """Text could not be turned into speech."""


class SafetyError(EngineError):
    """A sentence could not be judged. It is not spoken."""


def reasons(group: BaseExceptionGroup[VoiceError]) -> list[str]:
    """The messages of all errors in a group of groups."""
    return [
        message
        for error in group.exceptions
        for message in (reasons(error) if isinstance(error, BaseExceptionGroup) else [str(error)])
    ]
