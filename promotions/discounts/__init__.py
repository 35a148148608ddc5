"""Periodic discounts: a customer tier × a category, on some days between two moments."""
