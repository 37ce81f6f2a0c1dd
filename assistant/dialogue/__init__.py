"""The conversation as a pure machine: events in, effects out."""
