"""Recipes compared on the benchmark phantom: the study's and our own, the worth of each part, how far a model carries."""
