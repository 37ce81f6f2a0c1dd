import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.link.broker import Broker, authority, revoke


@pytest.fixture(scope="session")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a bench fleet's authority; car-9 is revoked."""
    if shutil.which("mosquitto") is None or shutil.which("openssl") is None:
        pytest.skip("mosquitto and openssl are not installed")
    ca = authority(tmp_path_factory.mktemp("fleet") / "ca", "car-1", "car-2", "car-9", "bridge")
    revoke(ca, "car-9")
    return ca


@pytest.fixture
def broker(tmp_path: Path, fleet: Path) -> Iterator[Broker]:
    broker = Broker(tmp_path / "broker", fleet)
    yield broker
    broker.kill()
