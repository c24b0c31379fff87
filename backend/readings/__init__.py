"""From a reader's file or submission to a sealed reading."""
