"""HTTP of carts."""
