"""Refusals of imports: of a whole file, and of what may be done with a run."""

from marketplace.core.errors import DomainError, ErrorKind, gettext_noop


class ImportFileError(DomainError):
    """A file that cannot be read to its end. Nothing of it is applied."""

    code = "import_file"
    kind = ErrorKind.INVALID
    message = gettext_noop("The file cannot be read.")


class UnknownFileFormatError(ImportFileError):
    """Neither of the formats."""

    code = "import_format"
    message = gettext_noop("Send a file whose name ends in .csv or .xlsx, or for a product feed in .csv or .xml.")


class FileTooLargeError(ImportFileError):
    """Past the limit of bytes, as it is or unpacked."""

    code = "import_file_too_large"
    message = gettext_noop("The file is too large: at most %(most)s bytes.")


class PackedTooTightError(ImportFileError):
    """A workbook that unpacks to very much more than it is."""

    code = "import_unpacks_too_large"
    message = gettext_noop("The workbook unpacks to too much: at most %(most)s bytes.")


class TooManyRowsError(ImportFileError):
    """Past the limit of rows."""

    code = "import_too_many_rows"
    message = gettext_noop("The file has too many rows: at most %(most)s.")


class NotTextError(ImportFileError):
    """Bytes that are no text in UTF-8 or Latin-1."""

    code = "import_not_text"
    message = gettext_noop("The file is not text in UTF-8 or Latin-1 (line %(line)s). Save it as CSV in UTF-8.")


class MalformedFileError(ImportFileError):
    """Broken structure."""

    code = "import_malformed"
    message = gettext_noop("The file is damaged or not of its format (line %(line)s).")


class UnsafeXmlError(ImportFileError):
    """Entities, document types, references to elsewhere."""

    code = "import_unsafe_xml"
    message = gettext_noop("The file declares entities or a document type, which are not read.")


class CellTooLargeError(ImportFileError):
    """No column holds so much."""

    code = "import_cell_too_large"
    message = gettext_noop("A cell of line %(line)s is too large: at most %(most)s characters.")


class HeaderError(ImportFileError):
    """The first line does not name the columns."""

    code = "import_header"
    message = gettext_noop("The first line must name the columns. Missing: %(missing)s. Unknown or twice: %(unknown)s.")


class ImportGivenUpError(ImportFileError):
    """Work on it failed again and again without getting on."""

    code = "import_given_up"
    message = gettext_noop("The work on the file failed several times and was given up.")


class ImportStateError(DomainError):
    """What was asked does not fit the run's state."""

    code = "import_state"
    message = gettext_noop("The import is “%(state)s”; that cannot be done now.")


class NothingToImportError(DomainError):
    """Only unchanged rows and errors."""

    code = "import_nothing_to_do"
    message = gettext_noop("No row of the file would change anything.")
