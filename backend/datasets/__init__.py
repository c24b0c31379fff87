"""From references to an immutable dataset version, split by patient."""
