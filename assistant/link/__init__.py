"""The car's end of the radio."""
