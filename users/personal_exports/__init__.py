"""A person's copy of what the shop keeps about them: asked for, made in the background, fetched, forgotten."""
