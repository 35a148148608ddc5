"""HTTP of experiments, for those who run them."""
