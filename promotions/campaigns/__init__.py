"""Dynamic campaigns: written by the house, scheduled, with benefits as validated JSON, coupons and counted uses."""
