"""The compiler: a model to one DuckDB statement. Type-directed; what is outside the profile is refused, never run slowly."""
