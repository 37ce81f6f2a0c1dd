"""VSS names in, bus calls out."""
