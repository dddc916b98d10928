"""How much of each collection is in a lot, through any number of mixings, splits and repackings: exact fractions, no database.

What goes into a transformation is spread over the lots that it made by their weight, waste being borne by all alike; units taken
of a lot carry the same part of everything that is in it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import lcm


@dataclass(frozen=True)
class Edge:
    """One input of the transformation that made `lot`: grams of a collection, or `units` of the lot `source`."""

    transformation: int
    lot: int
    made: int  # units of the lot
    lot_grams: int  # what all of these weigh
    together: int  # what all lots of the transformation weigh
    collection: int | None
    source: int | None
    units: int
    grams: int


def brought(edges: Iterable[Edge]) -> dict[int, dict[int, Fraction]]:
    """Lot → collection → grams of the collection that went into it. The edges are all those behind the lots.

    Ids of transformations rise along the graph, so that what a lot was made of is known before the lot.
    """
    ordered = sorted(edges, key=lambda edge: edge.transformation)
    units = {edge.lot: edge.made for edge in ordered}
    found: defaultdict[int, defaultdict[int, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
    for edge in ordered:
        part = Fraction(edge.lot_grams, edge.together) if edge.together else Fraction()
        if edge.collection is not None:
            found[edge.lot][edge.collection] += part * edge.grams
        elif edge.source is not None:
            part *= Fraction(edge.units, units[edge.source])
            for collection, grams in found[edge.source].items():
                found[edge.lot][collection] += part * grams
    return {lot: dict(weights) for lot, weights in found.items()}


def whole(weights: Mapping[int, Fraction]) -> dict[int, int]:
    """The same proportions in whole numbers, by which money can be divided to the fen."""
    scale = lcm(*(weight.denominator for weight in weights.values()))
    return {key: int(weight * scale) for key, weight in weights.items()}
