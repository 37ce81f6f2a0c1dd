"""The conversation as the App holds it."""

from assistant.core.context import Context
from assistant.core.effect import Effect
from assistant.core.event import Event
from assistant.dialogue.machine import step
from assistant.dialogue.state import Dialogue, Rules


class Talk:
    """The conversation: holds what `step` returns."""

    def __init__(self, rules: Rules) -> None:
        """Begin at rest."""
        self._rules = rules
        self.dialogue = Dialogue()

    def step(self, event: Event, context: Context) -> tuple[Effect, ...]:
        """Advance by one event."""
        self.dialogue, effects = step(self.dialogue, event, context, self._rules)
        return effects
