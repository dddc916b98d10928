"""What the API itself refuses, and how every refusal looks: {"code", "message", "errors": [{"code", "message"}]}."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler

from marketplace.fulfilment.errors import WaybillMissing, WaybillUnfit
from marketplace.organisations.errors import HouseError, NotAllowed, Refusals
from marketplace.signin.errors import SecondFactorMissing
from procurement.policy.errors import NoPolicyInForce


class KeyMissing(HouseError):
    """A command without an idempotency key."""

    code = "idempotency_key_missing"
    sentence = _(
        "A command needs the header Idempotency-Key: 1 to 64 letters, digits or signs of your choice, new for each command "
        "and the same when you repeat it. Nothing was done."
    )


class NotFound(HouseError):
    """Nothing of that name is there for whoever asks; what belongs to others looks the same as what does not exist."""

    code = "not_found"
    sentence = _(
        "There is nothing at this address for you. Check the number, and for which organisation you are signed in."
    )


# A refusal of the house is a conflict with how things stand (409), unless it is one of these.
_STATUS: dict[type[HouseError], int] = {
    NotAllowed: status.HTTP_403_FORBIDDEN,
    SecondFactorMissing: status.HTTP_403_FORBIDDEN,
    NotFound: status.HTTP_404_NOT_FOUND,
    NoPolicyInForce: status.HTTP_404_NOT_FOUND,
    KeyMissing: status.HTTP_400_BAD_REQUEST,
    WaybillMissing: status.HTTP_400_BAD_REQUEST,
    WaybillUnfit: status.HTTP_400_BAD_REQUEST,
}


def answer_to(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn an exception into the API's answer; None for one that is a fault of ours."""
    if isinstance(error, Http404):
        error = NotFound()
    if isinstance(error, HouseError):
        return Response(_of_house(error), status=_STATUS.get(type(error), status.HTTP_409_CONFLICT))
    if isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    response = exception_handler(error, context)
    if response is not None and isinstance(error, exceptions.APIException):
        response.data = _body(error.default_code, str(error.default_detail), _details(error.get_full_details()))
    return response


def _of_house(error: HouseError) -> dict[str, Any]:
    parts = error.refusals if isinstance(error, Refusals) else [error]
    return _body(error.code, str(error), [{"code": part.code, "message": str(part)} for part in parts])


def _body(code: str, message: str, errors: list[dict[str, str]]) -> dict[str, Any]:
    return {"code": code, "message": message, "errors": errors}


def _details(found: Any, field: str = "") -> list[dict[str, str]]:
    """The framework's nested details as a flat list; a fault of one field names it."""
    if isinstance(found, list):
        return [one for part in found for one in _details(part, field)]
    if set(found) == {"message", "code"}:
        one = {"code": str(found["code"]), "message": str(found["message"])}
        return [one | {"field": field} if field else one]
    return [one for name, part in found.items() for one in _details(part, name)]
