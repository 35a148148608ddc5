"""Importing the public e-commerce data set by Olist (Brazil): stores, customers, catalogue, stock, order history."""
