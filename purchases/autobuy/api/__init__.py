"""HTTP of automatic purchases."""
