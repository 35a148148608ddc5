"""Merchants, catalogue, inventory. Other contexts come in through `facade`, `contracts` and `events` only."""
