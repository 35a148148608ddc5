"""The shop window: server-rendered pages for customers, over every context's facade."""
