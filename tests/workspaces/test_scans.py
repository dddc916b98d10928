"""Scans that people upload: however large one is, no more of it is read than shows that it is too large."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from marketplace.organisations.paper_files import MAX_BYTES, PaperTooLarge, checked
from marketplace.workspaces.papers import read_scan


def test_the_largest_paper_is_read_whole() -> None:
    paper = b"%PDF-" + bytes(MAX_BYTES - 5)
    assert read_scan(SimpleUploadedFile("a.pdf", paper)) == ("a.pdf", paper)


def test_of_a_larger_file_a_byte_more_is_read_and_it_is_refused() -> None:
    name, content = read_scan(SimpleUploadedFile("b.pdf", b"%PDF-" + bytes(3 * MAX_BYTES)))
    assert len(content) == MAX_BYTES + 1
    with pytest.raises(PaperTooLarge):
        checked(name, content)
