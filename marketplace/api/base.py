"""What the API's views share: the audience of each, its scope, pages of a list, commands that happen once, the form of refusals."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.cache import patch_cache_control
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import PermissionDenied
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from marketplace.api.errors import KeyMissing, NotFound, answer_to
from marketplace.api.serializers import ErrorSerializer
from marketplace.organisations.models import Membership, Organisation, Role
from marketplace.organisations.scopes import seen_by
from marketplace.signin.errors import SecondFactorMissing
from marketplace.signin.second_factor import is_missing
from marketplace.steps.commands import once
from marketplace.workspaces.doors import Audience, choose, memberships_of, viewers

UNION_SIDE = (Role.BUYER, Role.APPROVER, Role.UNION_OFFICER, Role.AUDITOR)
_KEY = re.compile(r"[\x21-\x7e]{1,64}", re.ASCII)
_ID = re.compile(r"[0-9]{1,18}", re.ASCII)
REFUSALS = {
    401: ErrorSerializer,
    403: ErrorSerializer,
    404: ErrorSerializer,
}
COMMAND_REFUSALS = REFUSALS | {400: ErrorSerializer, 409: ErrorSerializer}
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    description="1 to 64 visible ASCII characters. The same key with the same request gives the first answer again.",
)
CURSOR = OpenApiParameter("cursor", OpenApiTypes.STR, description="From `next` or `previous` of another page.")


def key_of(request: Request) -> str:
    """The idempotency key of a command. Raises KeyMissing."""
    key = str(request.headers.get("Idempotency-Key", ""))
    if not _KEY.fullmatch(key):
        raise KeyMissing()
    return key


class HouseView(APIView):
    """A view for people with one of `roles`, on behalf of whose organisation everything in it is asked; for all when empty."""

    roles: ClassVar[tuple[Role, ...]] = ()
    membership: Membership
    viewers: list[int] | None

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Callable[..., Any]:
        """The view as the URL map takes it, with its audience."""
        view = super().as_view(**initkwargs)
        view.audience = Audience(frozenset(cls.roles))
        return view  # type: ignore[no-any-return]

    @property
    def organisation(self) -> Organisation:
        """For which organisation the caller acts."""
        return self.membership.organisation

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Answer within the caller's scope, which ends with the answer whatever happens."""
        with ExitStack() as self._scope:
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Let the caller in: 401 for a stranger, 403 without the role or without the second factor that it needs."""
        super().initial(request, *args, **kwargs)
        if any("\0" in value for value in kwargs.values() if isinstance(value, str)):
            raise NotFound()  # PostgreSQL knows no such text
        if not self.roles:
            return
        membership = choose(request, self.roles)
        if membership is None:
            raise PermissionDenied
        if is_missing(request, memberships_of(request)):
            raise SecondFactorMissing
        self.membership, self.viewers = membership, viewers(membership)
        self._scope.enter_context(seen_by(self.viewers))

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        """No cache keeps what was not for everybody."""
        answer: Response = super().finalize_response(request, response, *args, **kwargs)
        if self.roles:
            patch_cache_control(answer, private=True, no_store=True)
        return answer

    def get_exception_handler(self) -> Callable[..., Any]:
        """Every refusal has the house's form."""
        return answer_to

    def get_authenticate_header(self, request: Request) -> str:
        """A stranger gets 401, not 403."""
        return "Session"

    def page_of(self, rows: QuerySet[Any], shape: type[Serializer[Any]]) -> Response:
        """The page of `rows` that the request asks for, newest first, 50 a page, each row in its `shape`."""
        pages = NewestFirst()
        page = pages.paginate_queryset(rows, self.request, self)
        return pages.get_paginated_response(shape(page, many=True).data)


class PublicView(HouseView):
    """A view for everybody."""

    authentication_classes: ClassVar[list[Any]] = []
    permission_classes: ClassVar[list[Any]] = []


class CommandView(HouseView):
    """A view whose verbs happen once per idempotency key."""

    def once(self, verb: str, body: dict[str, Any], act: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Carry the verb out and return what it gives; the same key again gives the first answer. Raises KeyMissing."""
        with once(self.organisation, key_of(self.request), verb, body) as remembered:
            if not remembered.is_repeat:
                remembered.answer = act()
        answer: dict[str, Any] = remembered.answer
        return answer


class NewestFirst(CursorPagination):
    """Pages of 50 whose cost does not grow with their number."""

    page_size = 50
    ordering = "-id"

    def decode_cursor(self, request: Request) -> Cursor | None:
        """Where the page begins. A cursor that no page of ours gave names nothing."""
        cursor = super().decode_cursor(request)
        if cursor is not None and cursor.position is not None and not _ID.fullmatch(cursor.position):
            raise NotFound()
        return cursor
