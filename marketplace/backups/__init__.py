"""A copy of everything in one folder, and the way back: database, media, and what the books said."""
