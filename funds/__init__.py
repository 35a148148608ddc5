"""Ledger, wallets, payments. Other contexts come in through `facade`, `contracts` and `events` only."""
