"""HTTP of the loyalty programme."""
