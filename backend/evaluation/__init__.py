"""What a model version is worth, on the frozen test patients."""
