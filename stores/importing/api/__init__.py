"""Routes of imports, exports and feeds."""

from .exports import ExportViewSet
from .feeds import feed_csv_view, feed_xml_view
from .imports import ImportViewSet

__all__ = ["ExportViewSet", "ImportViewSet", "feed_csv_view", "feed_xml_view"]
