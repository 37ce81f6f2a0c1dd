"""Phrase to sound."""
