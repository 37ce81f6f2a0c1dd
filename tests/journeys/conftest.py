"""A real sound server without a sound card, and people made of flite."""

from collections.abc import Iterator

import pytest

from assistant.bench.soundserver import SoundServer, missing


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoundServer]:
    """Give a running sound server, or skip where its programs are missing."""
    if missing():
        pytest.skip(f"not installed: {', '.join(missing())}")
    server = SoundServer(tmp_path_factory.mktemp("run"))
    try:
        server.start()
        yield server
    finally:
        server.close()
