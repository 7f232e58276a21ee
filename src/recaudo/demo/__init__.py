"""One deterministic world: docs, tests, screenshots, load. Invented people, real account behaviour, said so."""
