"""Pages and JSON API for physicians, engineers and administrators."""
