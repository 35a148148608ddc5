"""The address book: where customers have things sent."""
