"""Two ways of doing a thing beside each other: who gets which, and what came of it."""
