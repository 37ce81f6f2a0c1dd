"""Model files: what there is (models/models.toml), where it lies, how it is fetched, and whether it may be loaded."""
