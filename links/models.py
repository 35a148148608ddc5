"""Models of the context, re-exported: Django looks for them here."""
