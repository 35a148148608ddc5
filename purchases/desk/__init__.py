"""The order desk: orders, their parcels, returns, money and invoices on one page of the back office.

A slice of its own above those it shows: an order knows nothing of its parcels and invoices.
"""
