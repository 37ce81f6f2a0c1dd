"""Where the assistant stands, as another program may see it."""

from dataclasses import dataclass

from assistant.core.text import Language


@dataclass(frozen=True, slots=True)
class Standing:
    """One look at it."""

    state: str = "idle"
    """The dialogue's phase."""
    turn: int = 0
    language: Language = "en"
    """The language in force."""
    online: bool = False
    """Whether the bridge answered lately."""
    muted: bool = False
    """Whether no sound reaches the assistant."""
