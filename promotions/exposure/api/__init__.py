"""HTTP: what to show, and the pins behind it."""
