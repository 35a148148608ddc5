"""Orders over HTTP: history, calling off, giving back."""
