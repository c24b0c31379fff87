"""The `scintiloop` command."""
