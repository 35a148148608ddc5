"""What the context keeps about a person, for `core.personal_data`. Who worked on goods is told by the audit trail."""

from typing import Final

from marketplace.core.personal_data import Table

from .models import Answer, Question, StoreMember

TABLES: Final = (
    Table(
        "questions",
        Question,
        ("asker_id",),
        ("id", "product_id", "product__name", "text", "state", "rejection_reason", "created_at", "moderated_at"),
    ),
    Table("answers", Answer, ("author_id",), ("question_id", "text", "created_at", "updated_at")),
    Table("stores", StoreMember, ("user_id",), ("store_id", "store__name", "role", "created_at")),
)
