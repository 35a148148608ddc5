"""What will never be sent, of an order of which something else is on its way: called off, and paid back."""
