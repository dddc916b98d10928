"""How large a workbook may be, and the error that says why one was not opened."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from marketplace.organisations.errors import Sentence

MAX_FILE_BYTES = 32 * 1024 * 1024
MAX_ENTRIES = 2_000
# A roster of 100,000 people with seven columns unpacks to about 50 MB; memory follows the unpacked size.
MAX_UNPACKED_BYTES = 120 * 1024 * 1024
# What is neither sheets nor their texts (styles, rules, properties) is kept whole by the parser.
MAX_OTHER_BYTES = 16 * 1024 * 1024
# Real sheets shrink about tenfold; a thousandfold is deflate's own limit and only bombs come near it.
MAX_RATIO = 200
RATIO_MATTERS_BYTES = 4 * 1024 * 1024
# Rows times columns of the used area, all sheets together, because the parser allocates that rectangle.
MAX_CELLS = 1_500_000
MAX_TAGS = 12_000_000
MAX_SHARED_TAGS = 6_000_000
# Characters that the cells would hold once every reference to a shared text is replaced by the text.
MAX_TEXT = 64 * 1024 * 1024
# An .xls has at most 65,536 rows; what its cells hold comes through a pipe.
MAX_XLS_TEXT = 24 * 1024 * 1024
MAX_SHEETS = 200

_SENTENCES: dict[str, Promise] = {
    "empty": _("The file is empty. Choose the workbook with the list."),
    "file_too_large": _("The file has %(size)s MB; at most %(limit)s MB are read. Send the list in several workbooks."),
    "encrypted": _("The workbook is protected by a password. Save it without one and upload it again."),
    "wrong_type": _("The file is not a spreadsheet (%(found)s). Save the list as an Excel workbook (.xlsx)."),
    "macros": _("The workbook contains macros, which are not accepted. Save it as a plain Excel workbook (.xlsx)."),
    "broken": _("The workbook is damaged and cannot be read. Open it, save it again as .xlsx and upload it."),
    "too_many_entries": _(
        "The workbook is made of %(found)s parts; at most %(limit)s are read. Copy the list into a new workbook."
    ),
    "unpacks_too_large": _(
        "The workbook unpacks to more than %(limit)s MB and was not opened. Copy the list alone into a new workbook."
    ),
    "compressed_too_much": _(
        "A part of the workbook unpacks to %(found)s times its size and was not opened. "
        "Copy the list alone into a new workbook."
    ),
    "forbidden_xml": _(
        "The workbook contains document type declarations, which a spreadsheet never needs, and was "
        "not opened. "
        "Copy the list into a new workbook."
    ),
    "too_many_cells": _(
        "The used area of the workbook has more than %(limit)s cells. Delete the empty rows and "
        "columns around the "
        "list, or send it in several workbooks."
    ),
    "too_much_text": _(
        "The cells of the workbook hold more text than can be read. Delete long texts that do not belong to the list."
    ),
    "text_encoding": _(
        "The text file is neither UTF-8 nor GB18030. Save it as an Excel workbook (.xlsx), or as CSV in UTF-8."
    ),
    "too_slow": _("Reading the workbook took more than %(limit)s seconds. Save the list as .xlsx and upload that."),
}


class WorkbookError(Exception):
    """A file is not opened. `code` names the rule, `data` its figures, `sentence` says it to the sender."""

    def __init__(self, code: str, **data: str | int) -> None:
        super().__init__(code, data)
        self.code = code
        self.data = data

    @property
    def sentence(self) -> str:
        """The sentence in the active language."""
        return str(self.said)

    @property
    def said(self) -> Sentence:
        """The sentence, to be told in the language of whoever reads."""
        return Sentence(_SENTENCES[self.code], self.data)
