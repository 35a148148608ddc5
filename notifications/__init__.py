"""Inbox, delivery, broadcasts. Other contexts come in through `facade`, `contracts` and `events` only."""
