"""HTTP of the wallet, by topic. Everything is the caller's own."""
