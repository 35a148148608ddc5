"""Accounts, customers, staff. Other contexts come in through `facade`, `contracts` and `events` only."""
