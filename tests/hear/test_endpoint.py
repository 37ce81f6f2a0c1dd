import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.core.effect import Expecting
from assistant.hear.endpoint import PATIENCE, Endpoint, Phase, Signal

COMMAND, CONSENT, CHOICE = Expecting.COMMAND, Expecting.CONSENT, Expecting.CHOICE

Script = list[tuple[str, int]]
"""`_` silence, `s` speech, each with its milliseconds; `!` from here on the sentence is settled."""


def play(expecting: Expecting, script: Script) -> list[tuple[int, Signal]]:
    """Return each signal with the milliseconds at which it came."""
    endpoint = Endpoint(PATIENCE[expecting])
    at_ms, settled, heard = 0, False, []
    for what, length_ms in script:
        if what == "!":
            settled = True
        for _ in range(length_ms // 20):
            at_ms += 20
            heard += [(at_ms, signal) for signal in endpoint.feed(20, what == "s", settled)]
    return heard


STARTED, PAUSED, RESUMED, ENDED, NOTHING = Signal

CASES: list[tuple[str, Expecting, Script, list[tuple[int, Signal]]]] = [
    (
        "a command known to be whole ends at the short silence",
        COMMAND,
        [("_", 500), ("s", 1000), ("_", 180), ("!", 0), ("_", 1000)],
        [(680, STARTED), (1620, PAUSED), (1760, ENDED)],
    ),
    (
        "a command that may go on is waited for",
        COMMAND,
        [("s", 1000), ("_", 2000)],
        [(180, STARTED), (1120, PAUSED), (1600, ENDED)],
    ),
    (
        "a yes known to be whole ends sooner",
        CONSENT,
        [("s", 300), ("_", 120), ("!", 0), ("_", 1000)],
        [(120, STARTED), (400, PAUSED), (500, ENDED)],
    ),
    (
        "a short answer that is not understood ends soon too",
        CHOICE,
        [("s", 300), ("_", 2000)],
        [(120, STARTED), (400, PAUSED), (900, ENDED)],
    ),
    (
        "silence before speech is not the end of speech",
        COMMAND,
        [("_", 5000), ("s", 500), ("_", 1000)],
        [(5180, STARTED), (5620, PAUSED), (6100, ENDED)],
    ),
    ("silence alone is nothing heard, once", COMMAND, [("_", 20000)], [(6000, NOTHING)]),
    ("a click is not speech", COMMAND, [("_", 1000), ("s", 160), ("_", 20000)], [(6000, NOTHING)]),
    (
        "speech that goes on after a pause is one turn with two guesses",
        COMMAND,
        [("s", 500), ("_", 400), ("s", 500), ("_", 1000)],
        [(180, STARTED), (620, PAUSED), (960, RESUMED), (1520, PAUSED), (2000, ENDED)],
    ),
    (
        "a click in the pause neither resumes nor lengthens it",
        COMMAND,
        [("s", 500), ("_", 300), ("s", 40), ("_", 1000)],
        [(180, STARTED), (620, PAUSED), (1100, ENDED)],
    ),
    (
        "a click at the very end of patience is heard out before the turn ends",
        COMMAND,
        [("s", 500), ("_", 580), ("s", 40), ("_", 1000)],
        [(180, STARTED), (620, PAUSED), (1140, ENDED)],
    ),
    (
        "a turn without a pause is cut",
        CONSENT,
        [("s", 30000)],
        [(120, STARTED), (8000, ENDED)],
    ),
    (
        "speech just before giving up is still heard",
        COMMAND,
        [("_", 5960), ("s", 500), ("_", 1000)],
        [(6140, STARTED), (6580, PAUSED), (7060, ENDED)],
    ),
]


@pytest.mark.parametrize(("expecting", "script", "wanted"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
def test_table(expecting: Expecting, script: Script, wanted: list[tuple[int, Signal]]) -> None:
    assert play(expecting, script) == wanted


@pytest.mark.parametrize("expecting", Expecting)
def test_patience_is_ordered_and_below_two_seconds(expecting: Expecting) -> None:
    patience = PATIENCE[expecting]

    assert 0 < patience.pause_ms < patience.settled_ms < patience.open_ms < 2000


@pytest.mark.parametrize("expecting", Expecting)
@given(frames=st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=400))
def test_whatever_is_fed_signals_come_in_order_and_silence_ends_the_turn(
    expecting: Expecting, frames: list[tuple[bool, bool]]
) -> None:
    endpoint = Endpoint(PATIENCE[expecting])
    signals = [signal for speech, settled in frames for signal in endpoint.feed(20, speech, settled)]
    started = endpoint.phase in {Phase.SPEAKING, Phase.PAUSED}
    silence = [signal for _ in range(100) for signal in endpoint.feed(20, is_speech=False, settled=False)]
    signals += silence

    after: dict[Signal | None, set[Signal]] = {
        None: {STARTED, NOTHING},
        STARTED: {PAUSED, ENDED},
        PAUSED: {RESUMED, ENDED},
        RESUMED: {PAUSED, ENDED},
    }
    for before, signal in zip([None, *signals], signals, strict=False):
        assert signal in after.get(before, set())
    if started:
        assert signals[-1] is ENDED
