"""The only door to Label Studio."""
