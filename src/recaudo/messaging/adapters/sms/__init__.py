"""One folder per provider."""
