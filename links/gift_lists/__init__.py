"""Gift lists: what somebody wishes for, who may see it, who has promised what."""
