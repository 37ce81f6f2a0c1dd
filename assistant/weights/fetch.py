"""Fetching model files: resumed where it stopped, checked, then put in place in one step."""

import errno
import fcntl
import http.client
import json
import os
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from assistant.errors import ModelError
from assistant.weights.manifest import Model, ModelFile
from assistant.weights.store import Pin, Store, sha256

BLOCK_BYTES: Final = 256 * 1024
TIMEOUT_S: Final = 30.0
TRIES: Final = 4
"""In a row without a byte of progress."""
PAUSE_S: Final = 0.5
"""Before the second try; doubled for each one more."""
FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one file is."""

    path: str
    done_bytes: int
    total_bytes: int


Tell = Callable[[Progress], None]


def fetch(store: Store, model: Model, tell: Tell) -> tuple[str, ...]:
    """Bring every file of a model into the first folder; return one line a file for people. Raises ModelError."""
    if model.built_in:
        return (f"{model.name} came with {model.package or 'Cabin'}: nothing to fetch",)
    folder = store.folders[0]
    try:
        with _alone(folder):
            return tuple(_one(store, model, file, tell) for file in model.files)
    except OSError as error:
        raise _disk(error, model, folder) from None


def _one(store: Store, model: Model, file: ModelFile, tell: Tell) -> str:
    folder = store.folders[0]
    target = folder / file.path
    if not target.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        known = store.expected(file) if file.sha256 else None
        draft = target.with_name(f"{target.name}.part")
        _Download(file, draft, known, by_hand(model, folder)).run(tell)
        found = Pin(draft.stat().st_size, sha256(draft))
        if known is not None and found.sha256 != known.sha256:
            draft.unlink()
            raise ModelError(
                f"{file.path} as fetched is not what the manifest says (sha256 differs)", "fetch again; do not use it"
            )
        _put(draft, target)
        if known is None:
            store.pin(file, found)
        return f"{file.path}: fetched, {found.size} bytes, sha256 {found.sha256}{'' if known else ' (recorded)'}"
    if store.expected(file) is None:
        store.pin(file, Pin(target.stat().st_size, sha256(target)))
        return f"{file.path}: was there, sha256 recorded"
    if fault := store.fault(model, file):
        raise ModelError(f"{model.name}: {fault}", f"delete {target} and fetch again")
    return f"{file.path}: already there, verified"


def by_hand(model: Model, folder: Path) -> str:
    """Return how to bring a model into a machine without a network."""
    copies = "; ".join(f"{file.url} → {folder / file.path}" for file in model.files)
    return f"without a network copy by hand, then `cabin models fetch {model.name}` again: {copies}"


class _Download:
    """One file on its way."""

    def __init__(self, file: ModelFile, draft: Path, known: Pin | None, mend: str) -> None:
        self._file = file
        self._draft = draft
        self._notes = draft.with_name(f"{draft.name}.json")
        self._known = known
        self._mend = mend
        self._total = 0
        self._reached = 0

    def run(self, tell: Tell) -> None:
        """Fetch until it is whole; raise ModelError, OSError where the disk refuses."""
        tries = 0
        while reason := self._tried(tell):
            have = self._have()
            tries = 0 if have > self._reached else tries + 1
            self._reached = have
            if tries >= TRIES:
                raise ModelError(f"{self._file.url} cannot be fetched: {reason}", self._mend)
            time.sleep(PAUSE_S * 2 ** max(0, tries - 1))
        self._notes.unlink(missing_ok=True)

    def _tried(self, tell: Tell) -> str:
        """Ask once; return why it has to be asked again, empty if the file is whole."""
        try:
            return "" if self._attempt(tell) else "the connection was cut"
        except urllib.error.HTTPError as error:
            return self._answered(error)
        except (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError) as error:
            return str(getattr(error, "reason", error)) or type(error).__name__

    def _attempt(self, tell: Tell) -> bool:
        """Ask once, for the rest if there is a beginning; tell whether the file is whole."""
        have = self._have()
        headers = {"Accept-Encoding": "identity", "User-Agent": "cabin"}
        validator = self._validator() if have else ""
        if have and (validator or self._known):
            headers["Range"] = f"bytes={have}-"
            if validator:
                headers["If-Range"] = validator
        request = urllib.request.Request(self._file.url, headers=headers)  # noqa: S310 - the manifest allows https only
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:  # noqa: S310 - as above
            begin = _begin(response) if response.status == http.HTTPStatus.PARTIAL_CONTENT else 0
            if begin != have:
                begin = 0 if response.status == http.HTTPStatus.OK else -1
            if begin < 0:
                self._draft.unlink(missing_ok=True)
                return False
            self._total = self._size(response, begin)
            self._note(response)
            self._receive(response, begin, tell)
        return self._have() == self._total

    def _receive(self, response: Any, begin: int, tell: Tell) -> None:
        with self._draft.open("r+b" if begin else "wb") as draft:
            draft.seek(begin)
            draft.truncate()
            tell(Progress(self._file.path, begin, self._total))
            while block := response.read(BLOCK_BYTES):
                if draft.tell() + len(block) > self._total:
                    raise ModelError(f"{self._file.url} sends more than it announced", "try again later")
                draft.write(block)
                tell(Progress(self._file.path, draft.tell(), self._total))
            draft.flush()
            os.fsync(draft.fileno())

    def _size(self, response: Any, begin: int) -> int:
        """Return how large the whole file is; ModelError where that cannot be or does not fit on the disk."""
        length = response.headers.get("Content-Length")
        if length is None:
            raise ModelError(f"{self._file.url} does not tell its size", self._mend)
        total = begin + int(length)
        if self._known and self._known.size and total != self._known.size:
            raise ModelError(
                f"{self._file.url} has {total} bytes instead of {self._known.size}",
                "do not use it; a newer manifest may know it",
            )
        free = shutil.disk_usage(self._draft.parent).free
        if free < total - begin:
            raise OSError(errno.ENOSPC, f"{(total - begin - free) // 1_000_000 + 1} MB too little room")
        return total

    def _answered(self, error: urllib.error.HTTPError) -> str:
        """Return why it is worth another try, empty if the file was whole already; ModelError where it is not worth one."""
        with error:
            if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                if error.headers.get("Content-Range") == f"bytes */{self._have()}":
                    return ""
                self._draft.unlink(missing_ok=True)
            elif error.code < http.HTTPStatus.INTERNAL_SERVER_ERROR and error.code != http.HTTPStatus.TOO_MANY_REQUESTS:
                raise ModelError(
                    f"{self._file.url}: {error.code} {error.reason}", f"the file moved or is not public; {self._mend}"
                )
            return f"{error.code} {error.reason}"

    def _have(self) -> int:
        return self._draft.stat().st_size if self._draft.exists() else 0

    def _validator(self) -> str:
        """Return what identifies the version the beginning is of, empty if unknown."""
        try:
            notes = json.loads(self._notes.read_text(encoding="utf-8"))
            return str(notes["validator"]) if notes["url"] == self._file.url else ""
        except (OSError, ValueError, KeyError, TypeError):
            return ""

    def _note(self, response: Any) -> None:
        tag = response.headers.get("ETag", "")
        validator = tag if tag and not tag.startswith("W/") else response.headers.get("Last-Modified", "")
        self._notes.write_text(json.dumps({"url": self._file.url, "validator": validator}), encoding="utf-8")


def _begin(response: Any) -> int:
    """Return the first byte of a partial answer, -1 if it does not say."""
    unit, _, span = (response.headers.get("Content-Range") or "").partition(" ")
    first = span.partition("-")[0]
    return int(first) if unit == "bytes" and first.isdigit() else -1


def _put(draft: Path, target: Path) -> None:
    draft.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep a second fetch out of the folder. Raises ModelError, OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ModelError(f"{folder}: another fetch is running", "wait for it to end") from None
        yield


def _disk(error: OSError, model: Model, folder: Path) -> ModelError:
    if error.errno in FULL:
        return ModelError(
            f"no room on the disk for {model.name}: {error.strerror}",
            f"make room under {folder} and fetch again: it goes on where it stopped",
        )
    return ModelError(
        f"{folder}: {error.strerror}", "fetch as a user who may write there, or set CABIN_MODELS to another folder"
    )
