"""Papers that the union puts on file beside a plan."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from marketplace.organisations.errors import HouseError
from marketplace.organisations.models import Role
from marketplace.workspaces.doors import HouseRequest, open_to
from marketplace.workspaces.pages import put_into, thanks
from marketplace.workspaces.papers import paper_download, papers_context, read_scan
from marketplace.workspaces.union.forms import PaperForm
from marketplace.workspaces.union.frame import frame, programme_of
from procurement.programmes.models import PaperKind
from procurement.programmes.papers import file_paper


@open_to(Role.BUYER, Role.APPROVER)
def papers(request: HouseRequest, pk: int) -> HttpResponse:
    """What is on file, and one paper more."""
    programme = programme_of(request, pk)
    form = PaperForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        name, content = read_scan(form.cleaned_data["paper"])
        try:
            paper = file_paper(request.user, programme, PaperKind(form.cleaned_data["kind"]), name, content)
        except HouseError as error:
            put_into(form, error)
        else:
            thanks(request, _("“%(name)s” is on file.") % {"name": paper.file_name})
            return redirect("union:papers", pk=pk)
    context = frame(request, programme, "approval") | papers_context(programme) | {"form": form}
    return render(request, "union/papers.html", context)


@open_to(Role.BUYER, Role.APPROVER)
def paper(request: HouseRequest, pk: int, paper: int) -> HttpResponse:
    """One paper."""
    return paper_download(programme_of(request, pk), paper)
