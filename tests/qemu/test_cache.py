"""The build folder: a product is there whole or not at all."""

import fcntl
from pathlib import Path

import pytest

from assistant.errors import CabinError
from scripts.benchimage import cache


def make(part: Path) -> None:
    (part / "disk").write_text("all of it")


def fail(part: Path) -> None:
    (part / "half").write_text("half of it")
    raise CabinError("it broke", "mend it")


def never(part: Path) -> None:
    raise AssertionError("it was there already")


def test_what_is_made_once_is_not_made_again(tmp_path: Path) -> None:
    made = cache.product(tmp_path, "image", "1", make, "the image")

    assert cache.product(tmp_path, "image", "1", never, "the image") == made
    assert (made / "disk").read_text() == "all of it"


def test_what_failed_is_not_there_and_the_next_try_finds_what_it_left(tmp_path: Path) -> None:
    with pytest.raises(CabinError, match="it broke"):
        cache.product(tmp_path, "image", "1", fail, "the image")

    assert not (tmp_path / "image-1").exists()
    made = cache.product(tmp_path, "image", "1", make, "the image")
    assert (made / "half").exists()


@pytest.mark.parametrize("damage", ["cut", "gone", "unsealed"])
def test_a_damaged_product_is_made_again(tmp_path: Path, damage: str, capsys: pytest.CaptureFixture[str]) -> None:
    made = cache.product(tmp_path, "image", "1", make, "the image")
    if damage == "cut":
        (made / "disk").write_text("all")
    else:
        (made / ("disk" if damage == "gone" else cache.SEAL)).unlink()

    again = cache.product(tmp_path, "image", "1", make, "the image")

    assert (again / "disk").read_text() == "all of it"
    assert "damaged" in capsys.readouterr().err


def test_an_older_product_goes_when_the_new_one_is_whole(tmp_path: Path) -> None:
    old = cache.product(tmp_path, "image", "1", make, "the image")
    other = cache.product(tmp_path, "site", "1", make, "packages")

    with pytest.raises(CabinError):
        cache.product(tmp_path, "image", "2", fail, "the image")
    assert old.exists()
    cache.product(tmp_path, "image", "2", make, "the image")

    assert not old.exists()
    assert other.exists()


def test_two_builds_do_not_meet(tmp_path: Path) -> None:
    with cache.alone(tmp_path), pytest.raises(CabinError, match="another scripts/qemu"), cache.alone(tmp_path):
        pass

    with (tmp_path / "lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_key_changes_with_content_name_and_mode_only(tmp_path: Path) -> None:
    folder = tmp_path / "units"
    folder.mkdir()
    unit = folder / "a.service"
    unit.write_text("[Unit]")
    before = cache.files_key(folder)

    unit.touch()
    assert cache.files_key(folder) == before
    unit.chmod(0o755)
    mode = cache.files_key(folder)
    unit.write_text("[Service]")
    content = cache.files_key(folder)
    unit.rename(folder / "b.service")

    assert len({before, mode, content, cache.files_key(folder)}) == 4
    assert cache.key_of("ab", "c") != cache.key_of("a", "bc")


def test_a_build_folder_that_cannot_be_made_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CABIN_QEMU_BUILD", str(tmp_path / "file" / "build"))

    with pytest.raises(CabinError, match="CABIN_QEMU_BUILD"):
        cache.build_folder()
