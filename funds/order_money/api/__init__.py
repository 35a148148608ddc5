"""HTTP of orders' money: a customer's payments, a store's account."""
