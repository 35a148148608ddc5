"""Template tags of everybody's pages."""
