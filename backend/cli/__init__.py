"""The `scintiloop` command: reads arguments, calls the corridor, prints. No work of its own."""

from backend.cli.main import main

__all__ = ["main"]
