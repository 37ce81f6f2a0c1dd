"""Run an App for the length of a script that talks to it."""

import threading
import time
from collections.abc import Callable

from assistant.app import App
from assistant.dialogue.state import Phase

LOOK_S = 0.02
PATIENCE_S = 60.0


def converse(app: App, script: Callable[[], None]) -> None:
    """Serve the loop on this thread while `script` runs on another; return when it is over, raising what it raised."""
    raised: list[BaseException] = []

    def play() -> None:
        try:
            script()
        except BaseException as error:  # noqa: BLE001 - raised again on the caller's thread
            raised.append(error)
        finally:
            app.loop.call(app.reporter.finish)
            app.loop.stop()

    thread = threading.Thread(target=play, name="script", daemon=True)
    app.start()
    thread.start()
    try:
        app.loop.run()
        thread.join()
    finally:
        app.close()
    if raised:
        raise raised[0]


def settle(app: App, wanted: frozenset[Phase] = frozenset(Phase)) -> Phase | None:
    """Wait until the conversation waits for a person in one of these phases; return it, None if it never did."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        phase = app.settled()
        if phase is not None and phase in wanted:
            return phase
        time.sleep(LOOK_S)
    return None
