"""Simulated studies, readers and an adjudicator."""
