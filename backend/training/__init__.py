"""From a dataset version to weights."""
