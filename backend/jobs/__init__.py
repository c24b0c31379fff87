"""The corridor: the only place that chains rooms."""
