"""Mutation testing of the ledger, the claim and prices: `python -m scripts.mutants` (docs/mutation-testing.md)."""
