"""The one page of a household: which agreement it is asked about, in plain words, and its answer."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from marketplace.organisations.errors import HouseError
from marketplace.workspaces.doors import open_to_all
from marketplace.workspaces.pages import put_into
from suppliers.provenance.confirming import answer, find_question


class AnswerForm(forms.Form):
    """The code in the message; which button was pressed says the rest."""

    code = forms.CharField(
        label=_("The six digits in the message"),
        max_length=12,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "class": "code-input"},
        ),
    )


@sensitive_post_parameters()
@never_cache
@open_to_all
def answer_question(request: HttpRequest, token: str) -> HttpResponse:
    """Show what is asked, take the answer. Nothing on it names a person; an old link says what to do instead."""
    form = AnswerForm(request.POST or None)
    try:
        asked = find_question(token)
        if request.method == "POST" and form.is_valid():
            agreement = answer(token, form.cleaned_data["code"], is_ours="no" not in request.POST)
            return render(request, "household/answered.html", {"agreement": agreement})
    except HouseError as error:
        if error.code == "question_over":
            return render(request, "household/answered.html", {"refusal": str(error)}, status=404)
        put_into(form, error)
    return render(request, "household/answer.html", {"agreement": asked.agreement, "form": form})
