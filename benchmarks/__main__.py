"""The command: measure, print one table, write benchmarks/results.json."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
import unicodedata
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.mall import Mall, own_mall
from benchmarks.measure import Figure

RESULTS = Path(__file__).with_name("results.json")
PARTS = ("listing", "rule", "deciding", "placing", "flash", "rosters", "recalling", "log", "start")

# Measured once on two cores with PostgreSQL 18, two server processes, 1,000 products; not measured by this command.
REFERENCES = (
    ("one order of 1,000 different lines", "stock Oscar 4.2.1: 101 s", "Saleor 3.24: 8.5 s", "Vendure 3.7.3: 13.9 s"),
    ("1,000 recipients with addresses (as 1,000 orders)", "stock Oscar: 145 s", "Saleor, bulk import: 67 s", "Vendure: 113-151 s"),
    ("its statements", "stock Oscar: 205,760", "Saleor: 22,520", "Vendure: ~260,000"),
    ("64 buyers at once, 50 in stock: sold", "stock Oscar: 51-64", "Saleor: 64", "Vendure: 64"),
)  # fmt: skip


def main() -> int:
    """Measure what was asked for; 0 whatever the figures are, for a benchmark is no test."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure the targets, side by side in one run."
    )
    parser.add_argument(
        "--scale", choices=["small", "full"], default="small", help="full: at the size that the targets name"
    )
    parser.add_argument("--only", choices=PARTS, action="append", help="measure only this part; may be repeated")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where to write the results as JSON")
    options = parser.parse_args()
    started = time.monotonic()

    def tell(what: str) -> None:
        print(f"  {time.monotonic() - started:6.1f} s  {what}", file=sys.stderr, flush=True)

    tell("database with the demonstration's world")
    with own_mall() as mall:
        figures = _measure(mall, options.scale, options.only or PARTS, tell)
    print(_table(figures))
    print(_references())
    _write(options.out, options.scale, figures, time.monotonic() - started)
    tell(f"done; {options.out} written")
    return 0


def _measure(mall: Mall, scale: str, parts: Sequence[str], tell: Callable[[str], None]) -> list[Figure]:
    # Models can be imported only once the mall is set up.
    from benchmarks import deciding, flash, listing, log, placing, recalling, rosters, rule_speed, start

    work: dict[str, Callable[[], list[Figure]]] = {
        "listing": lambda: listing.measure(mall, scale, tell),
        "rule": lambda: rule_speed.measure(scale, tell),
        "deciding": lambda: deciding.measure(mall, scale, tell),
        "rosters": lambda: rosters.measure(scale, tell),
        "placing": lambda: placing.measure(mall, scale, tell),
        "flash": lambda: flash.measure(mall, scale, tell),
        "recalling": lambda: recalling.measure(mall, tell),
        "log": lambda: log.measure(mall, scale, tell),
        "start": lambda: start.measure(mall, tell),
    }
    return [figure for part in PARTS if part in parts for figure in work[part]()]


def _verdict(figure: Figure) -> str:
    if not figure.goal:
        return ""
    word = {True: "reached", False: "NOT REACHED", None: "not at this size"}[figure.reached]
    return f"{figure.goal}: {word}"


def _table(figures: Sequence[Figure]) -> str:
    rows = [("target", "what", "measured", "beside", "goal")]
    rows += [(f.target, f.what, f.value, f.against, _verdict(f)) for f in figures]
    widths = [max(_width(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(cell + " " * (wide - _width(cell)) for cell, wide in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    lines.insert(1, "  ".join("-" * wide for wide in widths))
    reasons = [f"Not reached ({f.target}, {f.what}): {f.reason}." for f in figures if f.reached is False and f.reason]
    return "\n".join(["", *lines, "", *(f"{reason}\n" for reason in reasons)])


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _references() -> str:
    lines = ["Reference points of other shops, taken from the project's targets, not measured in this run:"]
    return "\n".join([*lines, *(f"  {what}: {', '.join(peers)}" for what, *peers in REFERENCES), ""])


def _write(out: Path, scale: str, figures: Sequence[Figure], took: float) -> None:
    result = {
        "scale": scale,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        # What else the machine was doing: the averages of its load over the last 1, 5 and 15 minutes at the end.
        "load": [round(load, 1) for load in os.getloadavg()],
        "seconds": round(took, 1),
        "figures": [figure.as_dict() for figure in figures],
    }
    out.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
