"""English of no particular country: days in figures are ISO 8601's, which 12/11/2026 is not readable as."""

SHORT_DATE_FORMAT = "Y-m-d"
SHORT_DATETIME_FORMAT = "Y-m-d H:i"
