"""Questions on products: how many may wait, what is looked for in them, and whether clean ones wait at all."""

from .env import env

# Callables `(text, language) -> list of finding codes`. What they find is shown to whoever moderates.
TEXT_FILTERS: list[str] = env.list(
    "TEXT_FILTERS", default=["stores.questions.filters.contacts", "stores.questions.filters.profanity"]
)
# A question in which nothing was found is published without a moderator.
QUESTIONS_PUBLISH_CLEAN = env.bool("QUESTIONS_PUBLISH_CLEAN", default=False)
QUESTIONS_WAITING_PER_CUSTOMER = env.int("QUESTIONS_WAITING_PER_CUSTOMER", default=10)
QUESTIONS_WAITING_PER_PRODUCT = env.int("QUESTIONS_WAITING_PER_PRODUCT", default=100)
