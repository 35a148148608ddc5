"""Management commands of the context."""
