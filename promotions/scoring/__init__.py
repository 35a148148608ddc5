"""How much each product deserves to be shown: five scores, recomputed each hour, served in complete versions."""
