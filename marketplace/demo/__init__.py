"""The demo town: believable data for a first look."""
