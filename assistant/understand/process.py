"""Our end of the model process: asks with a limit of time and tokens, ends what hangs, starts again what died."""

import fcntl
import json
import logging
import os
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import exp
from pathlib import Path
from typing import Any, Final

import assistant
from assistant.core.ports import Cancel
from assistant.errors import CabinError, EngineError, ModelError

LOOK_S: Final = 0.02
"""How often a waiting question is looked at for its cancellation."""
GRACE_S: Final = 1.0
"""A question unanswered this long after its limit has hung the process."""
CANCELLING_S: Final = 10.0
"""A stopped question whose reply has not come after this has hung the process."""
PREPARING_S: Final = 600.0
"""Loading, or evaluating a prefix, for longer than this has hung the process."""
REST_S: Final = 5.0
"""After a start that failed the next is tried this much later; doubled each time, at most LONGEST_REST_S."""
LONGEST_REST_S: Final = 300.0
SURROUNDINGS: Final = {
    # A thread that spins while it waits takes the processor from the ear: 3 tokens a second became 30.
    "OMP_WAIT_POLICY": "passive",
    "OPENBLAS_NUM_THREADS": "1",
    "GGML_NO_BACKTRACE": "1",
}

log = logging.getLogger(__name__)


class Ending(StrEnum):
    """Why an answer ended; its text is whole only if DONE. PREPARING: the model is not ready for this prefix yet."""

    DONE = "done"
    LENGTH = "length"
    TIME = "time"
    CANCELLED = "cancelled"
    PREPARING = "preparing"


@dataclass(frozen=True, slots=True)
class Question:
    """A prompt in three parts and what its answer may look like."""

    prefix: str
    """The same for many questions; `<|im_start|>` and its like are control tokens here."""
    said: str
    """What a person said: no control token, whatever it spells."""
    suffix: str
    """As `prefix`; not empty."""
    grammar: str
    """GBNF with the rule `root`."""
    most_tokens: int = 96


@dataclass(frozen=True, slots=True)
class ModelAnswer:
    """What the model wrote."""

    ending: Ending
    text: str = ""
    steps: tuple[tuple[int, float], ...] = ()
    """Each token's place in the text, in bytes of UTF-8, and its log-probability; the last ends the answer."""
    first: Mapping[str, float] = field(default_factory=dict)
    """The likeliest first tokens and their probabilities."""

    @property
    def confidence(self) -> float:
        """Probability the model gives the whole answer, 0..1."""
        return exp(min(0.0, sum(logprob for _, logprob in self.steps)))


class ModelProcess:
    """One model in a process of its own; for one thread at a time, `close` for any."""

    def __init__(self, model: Path, *, context_tokens: int = 4096, threads: int = 1, cache: Path | None = None) -> None:
        """Take a GGUF file that was already checked and a folder for evaluated prefixes; start loading."""
        cores = os.cpu_count() or 1
        count = max(1, min(threads, cores - 1))
        folder = () if cache is None else (str(cache),)
        self._command = (str(model), str(context_tokens), str(count), *folder)
        self._number = 0
        self._rest_s = 0.0
        self._not_before = 0.0
        self._failure: CabinError = EngineError("the model process has not started")
        self._process: _Process | None = _Process(self._command)

    def prepare(self, prefix: str) -> None:
        """Let the process evaluate a prefix in the background, so that the first question need not. Raises EngineError, ModelError."""
        self._guarded(lambda process: process.prepare(prefix))

    def ask(self, question: Question, seconds: float, cancel: Cancel) -> ModelAnswer:
        """Return the likeliest answer that the grammar allows, within about `seconds`. Raises EngineError, ModelError."""
        answer = self._guarded(lambda process: self._ask(process, question, seconds, cancel))
        assert isinstance(answer, ModelAnswer)
        return answer

    @property
    def resident_mb(self) -> float:
        """Megabytes the process holds in memory, 0 if none runs."""
        return self._process.resident_mb() if self._process else 0.0

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            process.end()

    def _guarded(self, job: Any) -> Any:
        """Run a job on a living process; what ends the process is remembered, and the next job starts another."""
        if self._process is None:
            if time.monotonic() < self._not_before:
                raise self._failure
            self._process = _Process(self._command)
        process = self._process
        try:
            result = job(process)
        except _Refused as error:
            raise EngineError(str(error), "the rules go on without the model") from None
        except CabinError as error:
            self.close()
            self._rest_s = min(LONGEST_REST_S, max(REST_S, 2 * self._rest_s)) if not process.useful else 0.0
            self._not_before = time.monotonic() + self._rest_s
            self._failure = error
            raise
        return result

    def _ask(self, process: "_Process", question: Question, seconds: float, cancel: Cancel) -> ModelAnswer:
        deadline = time.monotonic() + seconds
        while not process.take_notes():
            if cancel.cancelled():
                return ModelAnswer(Ending.CANCELLED)
            if not process.wait(min(LOOK_S, deadline - time.monotonic())) and time.monotonic() > deadline:
                return ModelAnswer(Ending.PREPARING)
        self._number += 1
        left = max(0.0, deadline - time.monotonic())
        parts = {
            "prefix": question.prefix,
            "said": question.said,
            "suffix": question.suffix,
            "grammar": question.grammar,
        }
        limits = {"id": self._number, "tokens": question.most_tokens, "seconds": left}
        process.send({**parts, **limits}, deadline + GRACE_S)
        while True:
            if cancel.cancelled():
                process.cancel(self._number)
                return ModelAnswer(Ending.CANCELLED)
            if time.monotonic() > deadline + GRACE_S:
                raise EngineError("the model does not answer", "it is started again; a smaller model is quicker")
            process.wait(LOOK_S)
            process.take_notes()
            if (reply := process.reply(self._number)) is not None:
                return _answer(reply)


class _Refused(Exception):  # noqa: N818 - the process answered; only this question failed
    """The process is well, the question was not."""


class _Process:
    """The other side of the pipe."""

    def __init__(self, arguments: tuple[str, ...]) -> None:
        path = os.pathsep.join(filter(None, (str(Path(assistant.__file__).parents[1]), os.environ.get("PYTHONPATH"))))
        command = [sys.executable, "-m", "assistant.understand.model_process", *arguments]
        pipe = subprocess.PIPE
        self._words = os.memfd_create("model-stderr")
        self._process = subprocess.Popen(
            command,
            stdin=pipe,
            stdout=pipe,
            stderr=self._words,
            bufsize=0,
            env=os.environ | SURROUNDINGS | {"PYTHONPATH": path},
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._in, self._out = self._process.stdin.fileno(), self._process.stdout.fileno()
        flags = fcntl.fcntl(self._in, fcntl.F_GETFL)
        fcntl.fcntl(self._in, fcntl.F_SETFL, flags | os.O_NONBLOCK)
        self._rest = b""
        self._replies: dict[int, Mapping[str, Any]] = {}
        self._busy_since: float | None = time.monotonic()
        self._cancelled: tuple[int, float] | None = None
        """A question that was stopped, and when, until its reply has come."""
        self.useful = False
        """Whether it ever answered."""

    def send(self, message: Mapping[str, Any], deadline: float) -> None:
        """Write one line; raise EngineError if the process is gone or takes nothing until the deadline."""
        data = memoryview(json.dumps(message).encode() + b"\n")
        while data:
            if not select.select([], [self._in], [], max(0.0, deadline - time.monotonic()))[1]:
                raise EngineError("the model process takes no questions", "it is started again")
            try:
                data = data[os.write(self._in, data) :]
            except OSError:
                raise self._died() from None

    def prepare(self, prefix: str) -> None:
        """Ask for the evaluation of a prefix; the process is busy until it tells otherwise."""
        self.send({"prefix": prefix}, time.monotonic() + GRACE_S)
        self._busy_since = time.monotonic()

    def cancel(self, number: int) -> None:
        """Stop a question; the process is busy until its last reply has come."""
        self.send({"cancel": number}, time.monotonic() + GRACE_S)
        self._cancelled = (number, time.monotonic())

    def wait(self, seconds: float) -> bool:
        """Tell whether the process wrote something within the time."""
        return bool(select.select([self._out], [], [], max(0.0, seconds))[0])

    def take_notes(self) -> bool:
        """Read what the process wrote; tell whether it is ready for questions. Raises ModelError, EngineError."""
        while self.wait(0):
            chunk = os.read(self._out, 65_536)
            if not chunk:
                raise self._died()
            *lines, self._rest = (self._rest + chunk).split(b"\n")
            for line in lines:
                self._note(json.loads(line))
        if self._cancelled is not None and time.monotonic() - self._cancelled[1] > CANCELLING_S:
            raise EngineError("the model process does not stop", "it is started again")
        if self._busy_since is not None and time.monotonic() - self._busy_since > PREPARING_S:
            raise EngineError(f"the model is not ready after {PREPARING_S:g} s", "a smaller model is quicker")
        return self._busy_since is None and self._cancelled is None

    def reply(self, number: int) -> Mapping[str, Any] | None:
        """Return the reply to a question once it is there; those to earlier ones are dropped."""
        found = self._replies.pop(number, None)
        self._replies.clear()
        return found

    def resident_mb(self) -> float:
        """Return what it holds in memory."""
        pages = int(Path(f"/proc/{self._process.pid}/statm").read_text(encoding="ascii").split()[1])
        return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)

    def end(self) -> None:
        """Kill it and give everything back."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()
        os.close(self._words)

    def _note(self, message: Mapping[str, Any]) -> None:
        match message:
            case {"ready": facts}:
                self._busy_since = None
                log.info("model process ready: %s", facts)
            case {"preparing": busy}:
                self._busy_since = time.monotonic() if busy else None
            case {"fatal": what, "mend": mend}:
                raise ModelError(what, mend)
            case {"id": number}:
                self.useful = True
                self._replies[number] = message
                if self._cancelled is not None and self._cancelled[0] == number:
                    self._cancelled = None

    def _died(self) -> EngineError:
        code = self._process.wait()
        size = os.fstat(self._words).st_size
        words = os.pread(self._words, 300, max(0, size - 300)).decode(errors="replace").strip().splitlines()
        reason = f": {words[-1]}" if words else ""
        return EngineError(f"the model process died with exit code {code}{reason}", "it is started again")


def _answer(reply: Mapping[str, Any]) -> ModelAnswer:
    if "error" in reply:
        raise _Refused(reply["error"])
    steps = tuple((int(place), float(logprob)) for place, logprob in reply["steps"])
    return ModelAnswer(Ending(reply["end"]), reply["text"], steps, reply["first"])
