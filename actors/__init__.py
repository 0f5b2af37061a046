"""Everything that runs as an actor. Knows nothing of `router`."""
