"""Template tags of the context."""
