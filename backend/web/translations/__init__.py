"""The pages in other languages, and what keeps them complete."""
