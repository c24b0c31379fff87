"""The same ruler for readers and models."""
