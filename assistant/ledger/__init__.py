"""Orders, outbox and audit in one SQLite file."""
