"""Price alerts: told when a price crosses a line, and not again until it has come back."""
