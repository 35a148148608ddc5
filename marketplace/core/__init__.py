"""Shared core: knows no business word. Contexts import it; it imports none of them."""
