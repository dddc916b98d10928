"""A whole purchase ledger by spreadsheet: sent, what became of it, and the copy that says what to mend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace.organisations.errors import HouseError
from marketplace.organisations.models import Role
from marketplace.organisations.refusals import sentences_of
from marketplace.workspaces.doors import HouseRequest, open_to
from marketplace.workspaces.pages import marked_workbook, put_into, thanks
from marketplace.workspaces.sheets import Column, Sheet, download
from suppliers.provenance.models import PurchaseImport
from suppliers.provenance.purchase_imports import import_purchases
from suppliers.provenance.purchase_sheets import MOST_ROWS

_MOST_BYTES = 2 * 1024 * 1024
_SHOWN_FAULTS, _SHOWN_IMPORTS = 100, 5
_EMPTY_SHEET = (
    Column("note", gettext_lazy("Purchase note")),
    Column("household", gettext_lazy("Household")),
    Column("produce", gettext_lazy("Produce")),
    Column("weight", gettext_lazy("Weight, kg")),
    Column("price", gettext_lazy("Price")),
    Column("day", gettext_lazy("Day")),
)


class SheetForm(forms.Form):
    """The workbook."""

    sheet = forms.FileField(
        label=gettext_lazy("Workbook with purchases"),
        help_text=gettext_lazy(
            "XLSX, XLS or CSV. Columns are found by their headings, weights in kg, or in jin of half a kg."
        ),
    )

    def clean_sheet(self) -> Any:
        """Refuse what is too large to read while somebody waits."""
        sheet = self.cleaned_data["sheet"]
        if sheet.size > _MOST_BYTES:
            raise forms.ValidationError(_("The file is larger than 2 MB. Keep the list only, without pictures."))
        return sheet


@open_to(Role.PRODUCER)
def sheet(request: HouseRequest) -> HttpResponse:
    """Send a workbook; what became of the last ones stands below. `?as=xlsx` gives an empty one with the headings."""
    if request.GET.get("as") == "xlsx":
        return download([Sheet(_("Purchase ledger"), _EMPTY_SHEET, [])], _("Purchase ledger"))
    form = SheetForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        sent = form.cleaned_data["sheet"]
        try:
            done = import_purchases(request.user, request.organisation, sent.name, sent.read())
        except HouseError as error:
            put_into(form, error)
        else:
            if not done.faults:
                thanks(request, _("All %(count)s purchases of the workbook are in the ledger.") % {"count": done.found})
            return redirect("producer:purchase_sheet")
    imports = list(PurchaseImport.objects.filter(producer=request.organisation).defer("annotated")[:_SHOWN_IMPORTS])
    context = {"form": form, "imports": imports, "most": MOST_ROWS, "most_bytes": _MOST_BYTES}
    return render(request, "producer/purchase_sheet.html", context | _faults(imports))


def _faults(imports: Sequence[PurchaseImport]) -> dict[str, Any]:
    """What is wrong in the latest workbook, in the reader's language, and how many rows are."""
    found = imports[0].faults if imports else []
    shown = [
        {"sheet": sheet, "row": row, "column": column, "words": " ".join(sentences_of(kept))}
        for sheet, row, column, kept in found[:_SHOWN_FAULTS]
    ]
    return {
        "faults": shown,
        "faulty": len({(sheet, row) for sheet, row, *_rest in found}),
        "more": len(found) - len(shown),
    }


@open_to(Role.PRODUCER)
def marked(request: HouseRequest, pk: int) -> HttpResponse:
    """The producer's own workbook with every fault marked, to be mended and sent again."""
    found: PurchaseImport = get_object_or_404(PurchaseImport.objects.filter(producer=request.organisation), pk=pk)
    return marked_workbook(found.annotated, found.file_name)
