"""The URL map as a list, and own objects for every address that has parameters."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, NamedTuple

from django.urls import URLPattern, URLResolver, get_resolver, reverse

import tests.workspaces
from marketplace.organisations.models import Role

NOBODYS = {"int": 987_654_321, "str": "nobodys-number"}


class Address(NamedTuple):
    """One entry of the URL map: its full name, its parameters and their kinds, the roles that its door names (none: everybody)."""

    name: str
    route: str
    parameters: dict[str, str]
    roles: frozenset[Role]

    @property
    def is_api(self) -> bool:
        """Whether programs come here, which get 401 instead of the sign-in page."""
        return self.route.startswith("api/")


def leaves(patterns: Any, prefix: str = "", names: tuple[str, ...] = ()) -> Iterator[tuple[str, URLPattern, str]]:
    """Every view of a URL map with its route and its full name."""
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = (*names, pattern.namespace) if pattern.namespace else names
            yield from leaves(pattern.url_patterns, route, inner)
        else:
            yield route, pattern, ":".join((*names, pattern.name or ""))


def addresses() -> list[Address]:
    """All addresses of the house, the API's too."""
    return [
        Address(name, route, _parameters(route), pattern.callback.audience.roles)
        for route, pattern, name in leaves(get_resolver().url_patterns)
    ]


def _parameters(route: str) -> dict[str, str]:
    return {name: "int" if kind == "int" else "str" for kind, name in re.findall(r"<(?:(\w+):)?(\w+)>", route)}


def modules() -> list[Any]:
    """The modules that know own objects: every doors_*.py beside this file."""
    found = [m.name for m in pkgutil.iter_modules(tests.workspaces.__path__) if m.name.startswith("doors_")]
    return [importlib.import_module(f"tests.workspaces.{name}") for name in sorted(found)]


def own_parameters(made: SimpleNamespace) -> dict[str, dict[str, Any]]:
    """Parameters by address for what Yanta's union, Jiaxian's producer and county, and their enterprise have."""
    found: dict[str, dict[str, Any]] = {}
    for module in modules():
        given = module.own(made)
        if twice := found.keys() & given.keys():
            raise ValueError(f"{module.__name__} gives again: {', '.join(sorted(twice))}")
        found |= given
    return found


def needed_bodies(made: SimpleNamespace) -> dict[str, dict[str, Any]]:
    """Forms by address, where the form names the object: without it there is nothing to be found."""
    return {name: form for m in modules() if hasattr(m, "bodies") for name, form in m.bodies(made).items()}


def shared() -> frozenset[str]:
    """Addresses whose parameter names nothing that anybody owns (a year, a policy): colleagues elsewhere may open them too."""
    return frozenset().union(*(getattr(module, "SHARED", ()) for module in modules()))


def guessed(address: Address, parameters: dict[str, Any]) -> Iterator[str]:
    """The address with one parameter after another replaced by what nobody has; unless that is no address any more."""
    for name, kind in address.parameters.items():
        if name not in {"year", "verb", "slot"}:
            yield reverse(address.name, kwargs=parameters | {name: NOBODYS[kind]})
