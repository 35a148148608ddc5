"""HTTP of the accounts slice, by topic: tokens, mail links, accounts."""
