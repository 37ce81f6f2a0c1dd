"""The head of a GGUF file, read by hand: what a model is must be known before its loader touches it."""

import struct
from io import BufferedReader
from pathlib import Path
from typing import Final

from assistant.errors import ModelError

MAGIC: Final = b"GGUF"
MOST_ENTRIES: Final = 10_000
LONGEST_KEY: Final = 1_000
MEND: Final = "`cabin models fetch` a Qwen model, or copy the whole file again"
_TEXT: Final = 8
_LIST: Final = 9
_SIZES: Final = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
"""Bytes of each scalar type of the format."""


def architecture(path: Path) -> str:
    """Return `general.architecture`, e.g. qwen2; raise ModelError for what is no GGUF file or ends within its head."""
    try:
        with path.open("rb") as file:
            return _architecture(file, path)
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}", MEND) from None


def _architecture(file: BufferedReader, path: Path) -> str:
    if file.read(4) != MAGIC:
        raise ModelError(f"{path} is not a GGUF file", MEND)
    try:
        version, _, entries = struct.unpack("<IQQ", file.read(20))
        if version not in {2, 3} or entries > MOST_ENTRIES:
            raise ModelError(f"{path} is a GGUF file of an unknown kind", MEND)
        for _ in range(entries):
            key = _text(file)
            (kind,) = struct.unpack("<I", file.read(4))
            if key == "general.architecture" and kind == _TEXT:
                return _text(file)
            _skip(file, kind)
    except (struct.error, ValueError, OverflowError):
        raise ModelError(f"{path} is cut or broken within its head", MEND) from None
    raise ModelError(f"{path} does not say what kind of model it is", MEND)


def _text(file: BufferedReader) -> str:
    (length,) = struct.unpack("<Q", file.read(8))
    if length > LONGEST_KEY:
        raise ValueError("text is too long")
    data = file.read(length)
    if len(data) < length:
        raise ValueError("text is cut")
    return data.decode()


def _skip(file: BufferedReader, kind: int) -> None:
    """Pass over one value; ValueError for an unknown type."""
    if kind == _TEXT:
        file.seek(struct.unpack("<Q", file.read(8))[0], 1)
    elif kind == _LIST:
        inner, count = struct.unpack("<IQ", file.read(12))
        if inner in _SIZES:
            file.seek(_SIZES[inner] * count, 1)
        elif inner == _TEXT and count < 1_000_000:
            for _ in range(count):
                file.seek(struct.unpack("<Q", file.read(8))[0], 1)
        else:
            raise ValueError("a list of an unknown kind")
    elif kind in _SIZES:
        file.seek(_SIZES[kind], 1)
    else:
        raise ValueError("a value of an unknown kind")
