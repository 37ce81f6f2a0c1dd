"""Words, sentences and phrases of each language, one folder a language, one TOML a topic."""
