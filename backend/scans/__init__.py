"""From a file to a study on the normalised grid."""
