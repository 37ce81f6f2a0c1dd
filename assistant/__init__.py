"""Cabin: an offline-first voice assistant daemon for automotive Linux head units."""
