"""Writes of the loyalty programme: `earning`, `redeeming`, `vouchers`, `expiring`, `levels`, and what staff do.

The member's row is the lock of everything about the points; `lots` holds what is done under it. Vouchers are taken and
given back with an order's uses of promotions, before any account is locked, and never touch the points.
"""
