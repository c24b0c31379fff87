"""Files, regions and masks: exact conversions without a database, a network or a model."""
