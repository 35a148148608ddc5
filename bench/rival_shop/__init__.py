"""How a flash hold is usually written: look whether somebody has it, then create it; a cache key is its minute.

Our own words for a shape that is found everywhere, kept as a baseline: what it costs, and how often it sells twice. It
is a Django project of its own, with Django's and DRF's usual parts, and knows nothing of the product.
"""
