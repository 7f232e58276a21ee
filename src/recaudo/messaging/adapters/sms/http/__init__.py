"""SMS through any gateway that takes JSON over HTTPS and knows the key of a message."""
