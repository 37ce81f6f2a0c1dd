"""The command `cabin`."""
