"""What a campaign would have cost on the orders of the last days."""
