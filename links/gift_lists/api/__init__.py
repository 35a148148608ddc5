"""HTTP of gift lists: lists, gifts, what guests see and do, contributions."""
