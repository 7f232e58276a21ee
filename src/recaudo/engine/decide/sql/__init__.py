"""The compiler: a model to one statement, in the dialect of the engine that runs it. Type-directed; what is outside the profile is refused, never run slowly."""
