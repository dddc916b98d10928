"""Papers on file, as unions and auditors open them."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import get_object_or_404

from marketplace.organisations.paper_files import MAX_BYTES
from marketplace.workspaces.pages import attachment
from procurement.programmes.models import Paper, PaperKind, Programme
from procurement.programmes.papers import papers_of


def read_scan(upload: UploadedFile[Any]) -> tuple[str, bytes]:
    """A scan's name and bytes; of one that is too large no more than shows it."""
    return upload.name or "", upload.read(MAX_BYTES + 1)


def papers_context(programme: Programme) -> dict[str, Any]:
    """The papers of a plan, and how many quotations the plan names beyond those on file. One statement."""
    papers = list(papers_of(programme))
    filed = sum(paper.kind == PaperKind.QUOTATION for paper in papers)
    return {
        "papers": papers,
        "quotations_missing": max(0, programme.quotations - filed),
        "minutes_missing": not any(paper.kind == PaperKind.MINUTES for paper in papers),
    }


def paper_download(programme: Programme, pk: int) -> HttpResponse:
    """One paper as a file to be saved, never shown within our pages. 404 for a paper of another plan."""
    paper: Paper = get_object_or_404(Paper.objects.filter(programme=programme), pk=pk)
    return attachment(paper.plain(), paper.file_name, paper.media_type)
