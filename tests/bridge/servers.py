"""The bench's servers, for tests: PostgreSQL, mosquitto, cabin-bridge."""

from assistant.bench.servers import BridgeProcess, Mosquitto, Postgres, free_port, wait_for

__all__ = ["BridgeProcess", "Mosquitto", "Postgres", "free_port", "wait_for"]
