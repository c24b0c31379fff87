"""Recipes compared on the benchmark phantom: the study's and our own, and how far a model carries."""
