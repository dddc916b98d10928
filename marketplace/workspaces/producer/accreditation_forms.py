"""What a producer enters to have a product accredited, on a phone."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext_lazy as _

from marketplace.organisations.models import Organisation
from marketplace.shop.catalogue.models import Product
from marketplace.workspaces.papers import read_scan
from suppliers.accreditation.applying import Paper
from suppliers.accreditation.models import ApplicationPaperKind, Mechanism
from suppliers.accreditation.queries import may_apply_for

_PAPER = "paper_"
_READABLE = {"accept": "application/pdf,image/jpeg,image/png"}


class _ProductField(forms.ModelChoiceField[Product]):
    """Products by their title in the reader's language."""

    def label_from_instance(self, product: Product) -> str:
        """Its title."""
        return product.get_title()


class ApplicationForm(forms.Form):
    """An application: what for, how households benefit, and its papers. Everything but the product may be left for later."""

    product = _ProductField(label=_("Product"), queryset=Product.objects.none(), empty_label=_("Choose…"))
    mechanism = forms.ChoiceField(label=_("How households benefit"), choices=Mechanism.choices)
    households = forms.IntegerField(
        label=_("Households that benefit"),
        required=False,
        min_value=0,
        max_value=100_000,
        help_text=_("Those with an agreement. The town office will ask them."),
    )

    def __init__(self, producer: Organisation, *args: Any, for_draft: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if for_draft:
            del self.fields["product"]
        else:
            self.fields["product"].queryset = may_apply_for(producer)  # type: ignore[attr-defined]
        for kind in ApplicationPaperKind:
            # An empty file is told of with the other faults, by the verb.
            self.fields[f"{_PAPER}{kind}"] = forms.FileField(
                label=kind.label, required=False, allow_empty_file=True, widget=forms.FileInput(attrs=_READABLE)
            )

    def entered(self) -> dict[str, Any]:
        """Mechanism, households and papers as the verb takes them."""
        data = self.cleaned_data
        sent = [(kind, data[f"{_PAPER}{kind}"]) for kind in ApplicationPaperKind]
        return {
            "mechanism": Mechanism(data["mechanism"]),
            "households": data["households"] or 0,
            "papers": [Paper(kind, *read_scan(upload)) for kind, upload in sent if upload is not None],
        }

    def asked(self) -> list[BoundField]:
        """The fields that are typed or chosen."""
        return [field for field in self.visible_fields() if not field.name.startswith(_PAPER)]

    def papers(self) -> list[BoundField]:
        """The fields that take papers."""
        return [field for field in self.visible_fields() if field.name.startswith(_PAPER)]


class PaperForm(forms.Form):
    """One more paper for an application."""

    kind = forms.ChoiceField(label=_("Kind"), choices=ApplicationPaperKind.choices)
    paper = forms.FileField(label=_("Scan"), widget=forms.FileInput(attrs=_READABLE))

    def sent(self) -> Paper:
        """The paper as the verb takes it."""
        data = self.cleaned_data
        return Paper(ApplicationPaperKind(data["kind"]), *read_scan(data["paper"]))
