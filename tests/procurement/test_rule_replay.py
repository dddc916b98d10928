"""What the rule cannot judge, and how what it judged is read and replayed."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from procurement.priority import rule
from procurement.priority.rule import (
    InputError,
    judge,
)
from tests.procurement.rule_gifts import POLICY, bought, gift, offer, ordinary


@pytest.mark.parametrize(
    "broken",
    [
        gift(ordinary("1"), ordinary("1")),
        gift(ordinary(quantity=0)),
        gift(ordinary(content=0)),
        gift(ordinary(price_fen=-1)),
        gift(ordinary(need_date="20250928")),
        gift(ordinary(candidates=(offer(), offer()))),
        gift(ordinary(candidates=(offer(ready_on="soon"),))),
        gift(ordinary(), decided_on="2025-02-30"),
        gift(ordinary(), policy=replace(POLICY, max_producers=0)),
        gift(ordinary(), policy=replace(POLICY, minimum_share_bp=10_001)),
        gift(ordinary(), rotation=(("610723", 1), ("610723", 2))),
        gift(ordinary(price_fen=2**53)),
    ],
)
def test_malformed_input_is_refused(broken):
    with pytest.raises(InputError):
        judge(broken)


def test_canonical_bytes_are_compact_sorted_and_without_booleans():
    data = rule.to_canonical(gift(ordinary(region="西安")))
    text = data.decode()
    assert text.startswith('{"decided_on":"2025-09-01","documents":{"approvers":0,"quotations":0},"form":"goods"')
    assert '"exception":{}' in text
    assert '"region":"西安"' in text
    assert not any(word in text for word in ("true", "false", "null", ": ", ", "))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data + b"\n",
        lambda data: data.replace(b'"recipients":100', b'"recipients": 100'),
        lambda data: data.replace(b'"recipients":100', b'"recipients":100.0'),
        lambda data: data.replace(b'"recipients":100', b'"recipients":"100"'),
        lambda data: data.replace(b'"recipients":100,', b""),
        lambda data: data.replace(b'"purse_covered":1', b'"purse_covered":true'),
        lambda data: data.replace(b'"purse_covered":1', b'"purse_covered":2'),
        lambda data: b"not json",
        lambda data: b"[]",
    ],
)
def test_only_canonical_bytes_are_read(spoil):
    data = rule.to_canonical(gift(ordinary()))
    assert rule.from_canonical(data) == gift(ordinary())
    assert spoil(data) != data
    with pytest.raises(InputError):
        rule.from_canonical(spoil(data))


def test_the_file_alone_replays_a_stored_decision(tmp_path):
    """Copied away from the project and run by a bare interpreter, as an auditor would."""
    alone = tmp_path / "rule.py"
    alone.write_bytes(Path(rule.__file__).read_bytes())
    given = gift(ordinary("1", candidates=(offer(available=30),)), bought(offer("oil"), "2", 5))
    (tmp_path / "input.json").write_bytes(rule.to_canonical(given))
    run = [sys.executable, "-I", str(alone), str(tmp_path / "input.json")]
    output = subprocess.run(run, capture_output=True, check=True, cwd=tmp_path).stdout
    assert output == rule.to_canonical(judge(given))
    assert json.loads(output)["lines"][0]["outcome"] == "partial"
    assert rule.engine_hash() == hashlib.sha256(alone.read_bytes()).hexdigest()


def test_the_file_alone_says_what_is_wrong(tmp_path):
    (tmp_path / "input.json").write_text("{}")
    run = [sys.executable, "-I", rule.__file__, str(tmp_path / "input.json")]
    result = subprocess.run(run, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.endswith("expected an object with exactly the keys of Gift\n")
