"""Transcript to Request."""
