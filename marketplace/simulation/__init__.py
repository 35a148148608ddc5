"""An on-sale minute, played by real HTTP clients against the running product, and drawn."""
