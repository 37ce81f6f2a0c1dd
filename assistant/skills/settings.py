"""The assistant's own settings.

The calls that the assistant itself answers:

| call                        | args                                | does                                                         |
|-----------------------------|-------------------------------------|--------------------------------------------------------------|
| assistant.set_language      | language: `en`, `zh`                | hears and speaks it from now on                              |
| assistant.set_voice         | voice: `female`, `male`             | speaks with it; REFUSED `not_available` if none is installed |
| assistant.set_speed         | percent: 50..200                    | speaks so fast; 100 is the voice's own pace                  |
| assistant.mute_microphone   |                                     | hears nothing until the talk button is pressed               |
| assistant.set_name          | name                                | keeps preference `name`, what the user is called             |
| assistant.reset_settings    |                                     | puts back what the configuration says                        |
| assistant.delete_data       |                                     | removes everything personal (privacy)                        |

`Context.preferences` tells the present `language`, `voice`, `speed` (percent as text) and `name`, as far as set.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from assistant.core.context import Context
from assistant.core.plan import Answer, Decision, LocalCall, Plan, Question, Refusal, Risk
from assistant.core.request import Request
from assistant.core.text import Phrase
from assistant.skills import Skill


class SpokenLanguage(StrEnum):
    """A language the assistant speaks, or one it knows by name only."""

    ENGLISH = "en"
    CHINESE = "zh"
    OTHER = "other"


class VoiceKind(StrEnum):
    """What the voice is like."""

    FEMALE = "female"
    MALE = "male"


class SpeechPace(StrEnum):
    """How fast to speak."""

    FASTER = "faster"
    SLOWER = "slower"
    NORMAL = "normal"


class FixedTrait(StrEnum):
    """Something about the assistant that cannot be changed."""

    WHISPER = "whisper"
    ACCENT = "accent"
    NAME = "name"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class SetLanguage(Request):
    """Speak another language."""

    labels = ("assistant.setting",)
    language: SpokenLanguage | None = None


@dataclass(frozen=True, slots=True)
class SetVoice(Request):
    """Speak with another voice."""

    labels = ("assistant.setting",)
    voice: VoiceKind | None = None


@dataclass(frozen=True, slots=True)
class SetSpeechPace(Request):
    """Speak faster, slower or as usual."""

    labels = ("assistant.setting",)
    pace: SpeechPace | None = None


@dataclass(frozen=True, slots=True)
class MuteMicrophone(Request):
    """Hear nothing until a button is pressed."""

    labels = ("assistant.setting",)


@dataclass(frozen=True, slots=True)
class SetUserName(Request):
    """Call the user by a name."""

    labels = ("assistant.setting",)
    name: str = ""


@dataclass(frozen=True, slots=True)
class AskUserName(Request):
    """What is the user called."""

    labels = ("assistant.setting",)


@dataclass(frozen=True, slots=True)
class ResetSettings(Request):
    """Put every setting back as it came."""

    labels = ("assistant.setting",)


@dataclass(frozen=True, slots=True)
class ChangeAssistant(Request):
    """Change something about the assistant that is fixed."""

    labels = ("assistant.setting",)
    trait: FixedTrait = FixedTrait.NAME
    about: str = ""
    """The rest of the sentence."""


LONGEST_NAME_WORDS: Final = 3
LONGEST_NAME: Final = 30
"""Characters."""
NORMAL_PACE_PERCENT: Final = 100
PACE_STEP_PERCENT: Final = 20
SLOWEST_PERCENT: Final = 60
FASTEST_PERCENT: Final = 200


def plan_language(request: SetLanguage, context: Context) -> Decision:
    """Change the language; the answer is already in the new one, so each language says it of itself."""
    match request.language:
        case None:
            return Question(request, Phrase("settings.which_language"), "language", ("English", "中文"))
        case SpokenLanguage.OTHER:
            return Refusal(request, Phrase("settings.no_language"), "not_available")
        case language if language.value == context.language:
            return Answer(request, Phrase(f"settings.language_{language}"))
        case language:
            steps = (LocalCall("assistant.set_language", {"language": language.value}),)
            undo = (LocalCall("assistant.set_language", {"language": context.language}),)
            return Plan(request, steps, Phrase(f"settings.language_{language}"), undo=undo)


def plan_voice(request: SetVoice, context: Context) -> Decision:
    """Change the voice."""
    if request.voice is None:
        return Question(request, Phrase("settings.which_voice"), "voice", tuple(VoiceKind))
    steps = (LocalCall("assistant.set_voice", {"voice": request.voice.value}),)
    before = context.preferences.get("voice", "")
    undo = (LocalCall("assistant.set_voice", {"voice": before}),) if before else ()
    return Plan(request, steps, Phrase(f"settings.voice_{request.voice}"), undo=undo)


def plan_pace(request: SetSpeechPace, context: Context) -> Decision:
    """Change how fast the voice is."""
    before = context.preferences.get("speed", "")
    percent = int(before) if before.isdecimal() else NORMAL_PACE_PERCENT
    match request.pace:
        case None:
            return Question(request, Phrase("settings.which_pace"), "pace")
        case SpeechPace.NORMAL:
            wanted = NORMAL_PACE_PERCENT
        case SpeechPace.FASTER:
            wanted = min(FASTEST_PERCENT, percent + PACE_STEP_PERCENT)
        case SpeechPace.SLOWER:
            wanted = max(SLOWEST_PERCENT, percent - PACE_STEP_PERCENT)
    if wanted == percent:
        return Answer(request, Phrase(f"settings.pace_stays_{request.pace}"))
    steps = (LocalCall("assistant.set_speed", {"percent": wanted}),)
    undo = (LocalCall("assistant.set_speed", {"percent": percent}),)
    return Plan(request, steps, Phrase(f"settings.pace_{request.pace}"), undo=undo)


def plan_name(request: SetUserName, context: Context) -> Decision:
    """Keep the user's name."""
    if not request.name:
        return Question(request, Phrase("settings.which_name"), "name")
    if len(request.name.split()) > LONGEST_NAME_WORDS or len(request.name) > LONGEST_NAME:
        return Refusal(request, Phrase("settings.long_name"), "out_of_range")
    before = context.preferences.get("name", "")
    steps = (LocalCall("assistant.set_name", {"name": request.name}),)
    undo = (LocalCall("assistant.set_name", {"name": before}),)
    return Plan(request, steps, Phrase("settings.name_kept", {"name": request.name}), undo=undo)


def plan_other(request: Request, context: Context) -> Decision:
    """Mute, tell the name, reset, or say what stays as it is."""
    match request:
        case MuteMicrophone():
            return Plan(request, (LocalCall("assistant.mute_microphone"),), Phrase("settings.microphone_muted"))
        case AskUserName():
            name = context.preferences.get("name", "")
            return Answer(request, Phrase("settings.your_name" if name else "settings.no_name", {"name": name}))
        case ResetSettings():
            steps = (LocalCall("assistant.reset_settings"),)
            read_back = Phrase("settings.reset_sure")
            return Plan(request, steps, Phrase("settings.reset"), read_back=read_back, risk=Risk.CONFIRM)
    assert isinstance(request, ChangeAssistant)
    return Refusal(request, Phrase(f"settings.fixed_{request.trait}"), "not_available")


def plan(request: Request, context: Context) -> Decision:
    """Decide about one request of this skill."""
    match request:
        case SetLanguage():
            return plan_language(request, context)
        case SetVoice():
            return plan_voice(request, context)
        case SetSpeechPace():
            return plan_pace(request, context)
        case SetUserName():
            return plan_name(request, context)
    return plan_other(request, context)


SKILL = Skill(
    "settings",
    (SetLanguage, SetVoice, SetSpeechPace, MuteMicrophone, SetUserName, AskUserName, ResetSettings, ChangeAssistant),
    plan,
)
