"""Runs inside Label Studio's own Python, on its path: standard library and Django only, imported by nothing of ours."""
