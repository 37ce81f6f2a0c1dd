import contextlib
import hashlib
import http.server
import json
import resource
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from assistant.errors import ModelError
from assistant.weights.fetch import Progress, fetch
from assistant.weights.manifest import Model, load
from assistant.weights.store import PINS, State, Store

CONTENT = bytes(range(256)) * 8192
"""2 MiB."""
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@dataclass
class Source:
    """A web server whose faults can be switched on."""

    port: int = 0
    content: bytes = CONTENT
    cut_after: list[int] = field(default_factory=list)
    """Bytes after which each of the next answers breaks off."""
    status: int = 200
    ranges: bool = True
    tag: str = '"one"'
    announced: int = 0
    """Size in the answer's head, if it is not the true one."""
    asked: list[str] = field(default_factory=list)
    """The Range header of every request."""


def handler(source: Source) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range", "")
            source.asked.append(wanted)
            if source.status != 200:
                self.send_error(source.status)
                return
            same = self.headers.get("If-Range", source.tag) == source.tag
            begin = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and source.ranges and same else 0
            if begin >= len(source.content):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(source.content)}")
                self.end_headers()
                return
            body = source.content[begin:]
            self.send_response(206 if begin else 200)
            if begin:
                self.send_header("Content-Range", f"bytes {begin}-{len(source.content) - 1}/{len(source.content)}")
            self.send_header("Content-Length", str(source.announced or len(body)))
            self.send_header("ETag", source.tag)
            self.end_headers()
            if source.cut_after:
                body = body[: source.cut_after.pop(0)]
            with contextlib.suppress(ConnectionError):
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.weights.fetch.PAUSE_S", 0.01)


@pytest.fixture
def source() -> Iterator[Source]:
    source = Source()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler(source))
    source.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield source
    server.shutdown()
    thread.join()
    server.server_close()


def store(tmp_path: Path, source: Source, sha256: str = "", size: int = 0) -> tuple[Store, Model]:
    manifest = tmp_path / "models.toml"
    manifest.write_text(
        '[[model]]\nname = "voice"\nrole = "speak"\nengine = "piper"\n[[model.file]]\npath = "voice/a.onnx"\n'
        f'url = "http://127.0.0.1:{source.port}/a.onnx"\nsize = {size}\nsha256 = "{sha256}"\n'
    )
    loaded = load(manifest)
    return Store(loaded, (tmp_path / "models",)), loaded.models[0]


def quiet(_: Progress) -> None:
    pass


def test_a_model_is_fetched_checked_put_in_place_and_trusted(tmp_path: Path, source: Source) -> None:
    shelf, model = store(tmp_path, source, SHA256, len(CONTENT))
    steps: list[Progress] = []
    assert shelf.state(model) is State.MISSING
    fetch(shelf, model, steps.append)
    assert shelf.state(model) is State.READY
    assert shelf.trusted(model).read_bytes() == CONTENT
    assert steps[-1] == Progress("voice/a.onnx", len(CONTENT), len(CONTENT))
    assert [step.done_bytes for step in steps] == sorted(step.done_bytes for step in steps)
    assert sorted(path.name for path in (tmp_path / "models" / "voice").iterdir()) == ["a.onnx"]
    assert "verified" in fetch(shelf, model, quiet)[0]
    assert len(source.asked) == 1


def test_an_unknown_hash_is_recorded_at_the_first_fetch_and_held_to_from_then_on(
    tmp_path: Path, source: Source
) -> None:
    shelf, model = store(tmp_path, source)
    assert SHA256 in fetch(shelf, model, quiet)[0]
    assert json.loads((tmp_path / "models" / PINS).read_text()) == {
        "voice/a.onnx": {"size": len(CONTENT), "sha256": SHA256}
    }
    path = shelf.trusted(model)
    path.write_bytes(CONTENT[:-1] + b"x")
    with pytest.raises(ModelError, match="sha256 differs"):
        shelf.trusted(model)
    path.write_bytes(CONTENT[:-1])
    with pytest.raises(ModelError, match="bytes instead of"):
        shelf.trusted(model)
    with pytest.raises(ModelError, match="delete"):
        fetch(shelf, model, quiet)


def test_a_connection_cut_again_and_again_goes_on_where_it_stopped(tmp_path: Path, source: Source) -> None:
    source.cut_after = [300_000, 500_000, 10]
    shelf, model = store(tmp_path, source)
    fetch(shelf, model, quiet)
    assert shelf.trusted(model).read_bytes() == CONTENT
    assert source.asked == ["", "bytes=300000-", "bytes=800000-", "bytes=800010-"]


def test_a_fetch_that_was_killed_goes_on_the_next_day(tmp_path: Path, source: Source) -> None:
    shelf, model = store(tmp_path, source)
    source.cut_after = [1_000_000, *[0] * 10]
    with pytest.raises(ModelError, match="copy by hand"):
        fetch(shelf, model, quiet)
    assert shelf.state(model) is State.MISSING
    source.cut_after = []
    fetch(shelf, model, quiet)
    assert source.asked[-1] == "bytes=1000000-"
    assert shelf.trusted(model).read_bytes() == CONTENT


def test_a_file_that_changed_meanwhile_is_not_glued_to_the_old_beginning(tmp_path: Path, source: Source) -> None:
    shelf, model = store(tmp_path, source)
    source.cut_after = [1_000_000, *[0] * 10]
    with pytest.raises(ModelError):
        fetch(shelf, model, quiet)
    source.cut_after, source.content, source.tag = [], CONTENT[::-1], '"two"'
    fetch(shelf, model, quiet)
    assert shelf.trusted(model).read_bytes() == CONTENT[::-1]


def test_a_server_without_ranges_starts_over(tmp_path: Path, source: Source) -> None:
    source.ranges, source.cut_after = False, [300_000]
    shelf, model = store(tmp_path, source)
    fetch(shelf, model, quiet)
    assert shelf.trusted(model).read_bytes() == CONTENT


def test_a_draft_that_was_whole_already_is_not_fetched_again(tmp_path: Path, source: Source) -> None:
    shelf, model = store(tmp_path, source, SHA256, len(CONTENT))
    (tmp_path / "models" / "voice").mkdir(parents=True)
    (tmp_path / "models" / "voice" / "a.onnx.part").write_bytes(CONTENT)
    fetch(shelf, model, quiet)
    assert source.asked == [f"bytes={len(CONTENT)}-"]
    assert shelf.trusted(model).read_bytes() == CONTENT


def test_a_wrong_hash_is_refused_and_nothing_is_left_behind(tmp_path: Path, source: Source) -> None:
    source.content = CONTENT[:-1] + b"x"
    shelf, model = store(tmp_path, source, SHA256, len(CONTENT))
    with pytest.raises(ModelError, match="sha256 differs"):
        fetch(shelf, model, quiet)
    assert shelf.state(model) is State.MISSING
    assert not list((tmp_path / "models" / "voice").iterdir())


def test_a_wrong_size_is_refused_before_it_is_fetched(tmp_path: Path, source: Source) -> None:
    shelf, model = store(tmp_path, source, SHA256, len(CONTENT) + 1)
    with pytest.raises(ModelError, match="instead of"):
        fetch(shelf, model, quiet)
    assert shelf.state(model) is State.MISSING


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_file_that_is_not_there_is_said_at_once(tmp_path: Path, source: Source, status: int) -> None:
    source.status = status
    shelf, model = store(tmp_path, source)
    with pytest.raises(ModelError, match=str(status)):
        fetch(shelf, model, quiet)
    assert len(source.asked) == 1


def test_a_server_in_trouble_is_asked_again_a_few_times(tmp_path: Path, source: Source) -> None:
    source.status = 503
    shelf, model = store(tmp_path, source)
    with pytest.raises(ModelError, match="503"):
        fetch(shelf, model, quiet)
    assert 2 <= len(source.asked) <= 5


def test_without_a_network_the_way_by_hand_is_told_and_works(tmp_path: Path, source: Source) -> None:
    shelf, model = store(tmp_path, source)
    offline = Source(port=1)
    shelf, model = store(tmp_path, offline)
    with pytest.raises(ModelError, match="copy by hand") as error:
        fetch(shelf, model, quiet)
    target = tmp_path / "models" / "voice" / "a.onnx"
    assert str(target) in error.value.mend
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(CONTENT)
    assert shelf.state(model) is State.UNPINNED
    with pytest.raises(ModelError, match="never verified"):
        shelf.trusted(model)
    assert "recorded" in fetch(shelf, model, quiet)[0]
    assert shelf.trusted(model) == target


def test_a_full_disk_is_said_and_the_beginning_is_kept(tmp_path: Path, source: Source) -> None:
    shelf, model = store(tmp_path, source)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        with pytest.raises(ModelError, match="no room on the disk"):
            fetch(shelf, model, quiet)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    fetch(shelf, model, quiet)
    assert source.asked[-1].startswith("bytes=")
    assert shelf.trusted(model).read_bytes() == CONTENT


def test_a_disk_that_is_too_small_is_said_before_anything_is_fetched(tmp_path: Path, source: Source) -> None:
    shelf, model = store(tmp_path, source)
    source.announced = 1 << 60
    with pytest.raises(ModelError, match="no room on the disk"):
        fetch(shelf, model, quiet)


def test_a_folder_nobody_may_write_to_is_said(tmp_path: Path, source: Source) -> None:
    shelf, model = store(tmp_path, source)
    shelf.folders = (Path("/proc/nowhere"),)
    with pytest.raises(ModelError, match="CABIN_MODELS"):
        fetch(shelf, model, quiet)


def test_two_fetches_at_a_time_do_not_mix(tmp_path: Path, source: Source) -> None:
    shelf, model = store(tmp_path, source)
    refusals: list[str] = []

    def slow(_: Progress) -> None:
        if not refusals:
            refusals.append("")
            other, same = store(tmp_path, source)
            with pytest.raises(ModelError, match="another fetch"):
                fetch(other, same, quiet)
            time.sleep(0.01)

    fetch(shelf, model, slow)
    assert shelf.trusted(model).read_bytes() == CONTENT
