"""Scintiloop: from two readers' outlines on whole-body bone scans to a better model, and back."""

__version__ = "0.1.0"
