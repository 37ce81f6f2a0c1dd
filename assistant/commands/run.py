"""`cabin run`: the daemon; on a machine without a microphone, and without systemd, it drives recorded speech instead."""

import argparse
import gc
import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING

from assistant.app import App, Reference
from assistant.capture import choose
from assistant.commands._show import as_line, as_text
from assistant.config import Config, load
from assistant.core.ports import Loudspeaker
from assistant.errors import CabinError, DeviceError
from assistant.places import shipped
from assistant.platform.heap import Heap
from assistant.platform.notify import Notify
from assistant.report import Exchange

if TYPE_CHECKING:
    from assistant.hear.microphone import MicrophoneState


def add(parser: argparse.ArgumentParser) -> None:
    """Take how to show turns."""
    parser.add_argument("--listen", action="store_true", help="wait for a microphone even if there is none now")
    parser.add_argument("--json", action="store_true", help="one JSON line an exchange on stdout")


def run(options: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT; 0 after a clean stop."""
    config = load(options.config)
    notify = Notify()
    show = _shown(config, as_json=options.json)
    waits = options.listen or "NOTIFY_SOCKET" in os.environ
    if not waits and (missing := _no_microphone(config)) is not None:
        return _demonstrate(config, missing, show)
    return _serve(config, notify, show)


def _serve(config: Config, notify: Notify, show: Callable[[Exchange], None]) -> int:
    from assistant.hear.microphone import Microphone

    gc.disable()  # until App.start has compiled the sentences: what is made until then stays
    heap = Heap()
    made: list[Loudspeaker] = []

    def alive() -> None:
        notify.alive()
        heap.beat(busy=not app.thinker.idle)

    def loudspeaker(reference: Reference) -> Loudspeaker:
        made.append(_speaker(config, reference))
        return made[0]

    source = Microphone(
        config.audio.input or None,
        state=_announcing(config, notify),
        rescan=lambda: _rescan(made),
        source=lambda: choose(config),
    )
    app = App(
        config, source=source, loudspeaker=loudspeaker, report=_freeing(heap, show), heartbeat=alive, deaf=_end_at_once
    )

    def stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        app.loop.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    app.start()
    app.appear()
    try:
        app.loop.run()
    finally:
        notify.stopping()
        app.close()
    return 0


def _freeing(heap: Heap, show: Callable[[Exchange], None]) -> Callable[[Exchange], None]:
    """Return what shows an exchange and, where it was spoken, tells the heap that it is over."""

    def tell(exchange: Exchange) -> None:
        show(exchange)
        if exchange.wake != "typed":
            heap.freed()

    return tell


def _end_at_once() -> None:
    """End without a word to the sound system, which hangs: what is ordered is on the disk, and who started us does so again."""
    print(
        "cabin run: the sound system hangs, and nothing is heard: ending, to be started again",
        file=sys.stderr,
        flush=True,
    )
    os._exit(1)


def _announcing(config: Config, notify: Notify) -> "Callable[[MicrophoneState], None]":
    """Return what tells systemd and the terminal whether the microphone is there."""
    words = ", ".join(config.wake.words) or "the talk button"

    def announce(state: "MicrophoneState") -> None:
        told = {"live": f"listening for: {words}", "resting": "resting"}.get(
            state, "without a microphone, waiting for it"
        )
        notify.ready(told)
        print(f"Cabin is {told}", file=sys.stderr, flush=True)

    return announce


def _rescan(loudspeakers: list[Loudspeaker]) -> None:
    """Look for devices anew; that ends every stream of PortAudio, so not while the loudspeaker plays."""
    from assistant.hear.microphone import rescan_devices
    from assistant.speak.speaker import Speaker

    speaker = next((one for one in loudspeakers if isinstance(one, Speaker)), None)
    if speaker is None:
        rescan_devices()
    else:
        speaker.aside(rescan_devices)


def _demonstrate(config: Config, missing: CabinError, show: Callable[[Exchange], None]) -> int:
    """Drive the recorded sentences that come with Cabin."""
    from assistant.driver import Drive, Driver
    from assistant.hear.wav import Recording, read_audio

    clips = sorted(shipped("tests/clips").glob("*.flac"))
    print(
        f"{missing}.\nDriving {len(clips)} recorded sentences instead; with a microphone Cabin would listen.\n",
        file=sys.stderr,
    )
    recordings = [Recording(clip.name, read_audio(clip), 0.3, 0.3) for clip in clips]
    Driver(config, recordings, Drive(loudspeaker=_speaker_or_none(config)), show).run()
    return 0


def _no_microphone(config: Config) -> CabinError | None:
    from assistant.hear.microphone import Microphone

    try:
        Microphone(config.audio.input or None).probe()
    except DeviceError as error:
        return error
    return None


def _speaker(config: Config, reference: Reference) -> Loudspeaker:
    """Return the loudspeaker, or one that nobody hears where sound is not installed."""
    from assistant.speak.silent import Silent
    from assistant.speak.speaker import Speaker

    try:
        return Speaker(config.audio.output, reference)
    except DeviceError as error:
        print(f"cabin run: {error}; answers are text", file=sys.stderr)
        return Silent(reference=reference)


def _speaker_or_none(config: Config) -> Callable[[Reference], Loudspeaker] | None:
    from assistant.speak.device import speakers

    try:
        return (lambda reference: _speaker(config, reference)) if speakers() else None
    except DeviceError:
        return None


def _shown(config: Config, *, as_json: bool) -> Callable[[Exchange], None]:
    """Return what prints exchanges: on a terminal for the person before it, never into a journal unless the owner asked."""
    allowed = sys.stdout.isatty() or as_json or "NOTIFY_SOCKET" not in os.environ or config.privacy.log_speech

    def show(exchange: Exchange) -> None:
        if allowed:
            print(as_line(exchange) if as_json else as_text(exchange), flush=True)

    return show
