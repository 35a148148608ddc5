"""Questions on products, their answers, and moderation of both."""
