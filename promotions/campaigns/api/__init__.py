"""HTTP of campaigns, for those who run them."""
