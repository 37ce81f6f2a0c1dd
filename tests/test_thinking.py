"""The thread that thinks: sentences go before what is prepared for them."""

import threading
from datetime import UTC, datetime

from assistant.core.context import Context
from assistant.core.effect import Expecting, Think
from assistant.core.event import Event, Understood
from assistant.core.ports import Cancel, Recogniser
from assistant.core.request import Understanding
from assistant.core.text import Transcript
from assistant.thinking import Thinker

PATIENCE_S = 5.0


def _no_recogniser() -> Recogniser:
    raise AssertionError


def _nothing_meant(transcript: Transcript, context: Context, cancel: Cancel) -> Understanding:
    del transcript, context, cancel
    return Understanding()


def test_what_a_sentence_cut_off_is_prepared_to_its_end_afterwards() -> None:
    begun, whole = threading.Event(), threading.Event()
    happened: list[str] = []

    def post(event: Event) -> None:
        happened.append(type(event).__name__)

    def long_work(cancel: Cancel) -> None:
        happened.append("long work")
        begun.set()
        while len(happened) == 1:
            if cancel.cancelled():
                return
            threading.Event().wait(0.001)

    def after(cancel: Cancel) -> None:
        del cancel
        happened.append("after it")
        whole.set()

    thinker = Thinker(
        _no_recogniser,
        _nothing_meant,
        lambda: Context(0.0, datetime(2026, 11, 30, tzinfo=UTC)),
        post,
        lambda turn, stage, at: None,
    )
    thinker.warm(long_work, after)
    assert begun.wait(PATIENCE_S)
    thinker.think(Think(1, 0, Expecting.COMMAND, text="what time is it"))

    assert whole.wait(PATIENCE_S)
    assert happened == ["long work", Understood.__name__, "long work", "after it"]
    thinker.close()
