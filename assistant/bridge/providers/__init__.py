"""One file per service; each kind has one interface."""
