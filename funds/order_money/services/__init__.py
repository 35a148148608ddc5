"""Writes of orders' money: paying, sharing out at delivery, giving back."""
