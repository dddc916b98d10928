"""What a producer types about lots: how one was made, mixed or repacked, and the pass certificate that came with goods."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from marketplace.workspaces.fields import DayInput, PercentField
from marketplace.workspaces.glossary import in_readers_language
from marketplace.workspaces.pages import today
from marketplace.workspaces.producer.lot_sources import LOT, NOTE, Sources
from marketplace.workspaces.templatetags._figures import when
from suppliers.provenance.making import NewLot, Work
from suppliers.provenance.models import TransformationKind

OUTPUTS = 3
_OUTPUT = ("stock", "code", "units", "grams", "keeps")
_KILO = 1_000


class WorkForm(forms.Form):
    """What went in (a number beside each lot and purchase note), what came out (up to three lots), what it yields."""

    kind = forms.ChoiceField(label=_("What was done"), choices=TransformationKind.choices)
    done_on = forms.DateField(label=_("Day"), widget=DayInput(), initial=today)
    yield_bp = PercentField(
        label=_("Yield, per cent"), initial=10_000, help_text=_("What 100 kg of what went in give, waste included.")
    )
    waste = forms.DecimalField(
        label=_("Waste, kg"), min_value=0, max_digits=9, decimal_places=3, required=False, initial=0
    )
    certify = forms.BooleanField(
        label=_("Issue the pass certificates that these lots need"),
        required=False,
        initial=True,
        help_text=_("You promise that they are up to standard."),
    )
    words = forms.CharField(label=_("Find a lot or a purchase note"), max_length=80, required=False)

    def __init__(self, *args: Any, sources: Sources, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sources = sources
        self._stocks = {str(stock.pk): stock for stock in sources.stocks}
        self._lots = {f"{LOT}{lot.pk}": lot for lot in sources.lots}
        self._notes = {f"{NOTE}{note.pk}": note for note in sources.notes}
        for name, lot in self._lots.items():
            words = _("%(lot)s, %(left)s units left") % {"lot": lot.code, "left": f"{lot.left:,}"}
            self.fields[name] = forms.IntegerField(label=words, min_value=1, required=False)
        for name, note in self._notes.items():
            words = _("%(note)s, %(produce)s of %(day)s, %(left)s kg left") % {
                "note": note.note,
                "produce": in_readers_language(note.produce),
                "day": when(note.collected_on),
                "left": f"{note.left / _KILO:,.1f}",
            }
            self.fields[name] = forms.DecimalField(
                label=words, min_value=Decimal("0.001"), max_digits=9, decimal_places=3, required=False
            )
        self._add_outputs()

    def _add_outputs(self) -> None:
        articles = [("", "–"), *((key, stock.sku) for key, stock in self._stocks.items())]
        for number in range(1, OUTPUTS + 1):
            needed = number == 1
            fields: dict[str, forms.Field] = {
                "stock": forms.ChoiceField(label=_("Article"), choices=articles, required=needed),
                "code": forms.CharField(label=_("Lot code"), max_length=40, required=needed),
                "units": forms.IntegerField(label=_("Units"), min_value=1, required=needed),
                "grams": forms.IntegerField(label=_("Grams in a unit"), min_value=1, required=needed),
                "keeps": forms.DateField(label=_("Best before"), widget=DayInput(), required=needed),
            }
            self.fields |= {f"out{number}_{name}": field for name, field in fields.items()}

    @property
    def common(self) -> list[Any]:
        """The fields of the event itself."""
        return [self[name] for name in ("kind", "done_on", "yield_bp", "waste", "certify")]

    @property
    def lots(self) -> list[Any]:
        """The fields for units of lots."""
        return [self[name] for name in self._lots]

    @property
    def notes(self) -> list[Any]:
        """The fields for kilograms of purchase notes."""
        return [self[name] for name in self._notes]

    @property
    def lots_opened(self) -> bool:
        """Whether the lots are looked for, or used."""
        return bool(self.sources.words) or any(field.value() for field in self.lots)

    @property
    def outputs(self) -> list[tuple[list[Any], bool]]:
        """The fields of each lot that comes out, and whether anything stands in them."""
        rows = [[self[f"out{number}_{name}"] for name in _OUTPUT] for number in range(1, OUTPUTS + 1)]
        return [(row, any(field.value() for field in row)) for row in rows]

    def clean(self) -> dict[str, Any]:
        """A second or third lot is filled in whole or not at all."""
        said = super().clean() or {}
        for number in range(2, OUTPUTS + 1):
            names = [f"out{number}_{name}" for name in _OUTPUT]
            given = [name for name in names if said.get(name)]
            if given and len(given) < len(names):
                for name in set(names) - set(given) - set(self.errors):
                    self.add_error(name, _("Fill in the whole lot, or leave it empty."))
        return said

    def work(self) -> Work:
        """What was typed, as the verb takes it."""
        said = self.cleaned_data
        outputs = [
            NewLot(
                self._stocks[said[f"out{n}_stock"]],
                said[f"out{n}_code"].strip(),
                said[f"out{n}_units"],
                said[f"out{n}_grams"],
                said[f"out{n}_keeps"],
            )
            for n in range(1, OUTPUTS + 1)
            if said.get(f"out{n}_stock")
        ]
        return Work(
            kind=TransformationKind(said["kind"]),
            done_on=said["done_on"],
            outputs=outputs,
            collections={note: int(said[name] * _KILO) for name, note in self._notes.items() if said.get(name)},
            lots={lot: said[name] for name, lot in self._lots.items() if said.get(name)},
            yield_bp=said["yield_bp"],
            waste_grams=int((said["waste"] or 0) * _KILO),
        )


class CollectedForm(forms.Form):
    """A pass certificate that came with bought-in goods, as it stands on the paper."""

    number = forms.CharField(label=_("Number"), max_length=40)
    product = forms.CharField(label=_("Product"), max_length=120)
    quantity = forms.CharField(label=_("Quantity"), max_length=60)
    origin = forms.CharField(label=_("Origin"), max_length=120)
    promised_by = forms.CharField(label=_("Promising party"), max_length=120)
    contact = forms.CharField(label=_("Contact"), max_length=60, required=False)
    issued_on = forms.DateField(label=_("Day"), widget=DayInput(), initial=today)
