"""How each language writes numbers and dates, where the shop does it otherwise than Django."""
