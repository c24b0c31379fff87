"""From two readings, and a physician where they disagree, to a reference."""
