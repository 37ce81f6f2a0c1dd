"""The one place that knows every adapter; starts in order, stops in reverse."""
