"""Copies are equal, with all that was kept beside them; what cannot be copied is named and harms nothing."""

import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from deploy.migrate_storage import copying
from deploy.migrate_storage.ledger import Ledger, Record
from shared import settings
from shared.storage.migration_bucket import Listed, MigrationBucket
from tests.shared import buckets


class Side:
    """A bucket of its own, and a client of the test's."""

    def __init__(self, server: settings.Storage) -> None:
        self.settings = server.model_copy(update={"bucket": f"b{secrets.token_hex(8)}"})
        keys = {"aws_access_key_id": buckets.KEY_ID, "aws_secret_access_key": "any"}
        self.client: Any = boto3.client("s3", endpoint_url=server.endpoint, region_name="us-east-1", **keys)
        self.client.create_bucket(Bucket=self.settings.bucket)
        self.foreign = MigrationBucket(self.settings)

    def put(self, key: str, data: bytes, **facts: Any) -> None:
        self.client.put_object(Bucket=self.settings.bucket, Key=key, Body=data, **facts)

    def get(self, key: str) -> bytes:
        return bytes(self.client.get_object(Bucket=self.settings.bucket, Key=key)["Body"].read())

    def keys(self) -> list[str]:
        return [listed.key for listed in self.foreign.walk()]


@pytest.fixture(scope="module")
def server() -> Iterator[settings.Storage]:
    with buckets.moto() as given:
        yield given


@pytest.fixture
def old(server: settings.Storage) -> Iterator[Side]:
    side = Side(server)
    yield side
    side.client.close()


@pytest.fixture
def new(server: settings.Storage) -> Iterator[Side]:
    side = Side(server)
    yield side
    side.client.close()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path / "ledger") as ledger:
        yield ledger


def _copy(old: Side, new: Side, ledger: Ledger) -> dict[str, str | None]:
    """Why each object was not copied."""
    copying.find(old.foreign, ledger, accept_changed=False)
    copying.copy(old.foreign, new.foreign, ledger, workers=3)
    return {record.listed.key: record.reason for record in ledger.missing()}


def test_a_copy_has_the_bytes_and_all_that_was_kept_with_them(old: Side, new: Side, ledger: Ledger) -> None:
    facts = {
        "ContentType": "image/webp",
        "CacheControl": "max-age=5",
        "ContentDisposition": 'inline; filename="x.webp"',
        "ContentLanguage": "de",
        "Metadata": {"name": "shirt"},
    }
    old.put("folder/a b.webp", b"picture", **facts)
    old.put("empty", b"")
    old.put("large", large := secrets.token_bytes(9 * 1024 * 1024))
    assert _copy(old, new, ledger) == {}
    found = new.client.get_object(Bucket=new.settings.bucket, Key="folder/a b.webp")
    assert found["Body"].read() == b"picture"
    assert {name: found[name] for name in facts} == facts
    assert (new.get("empty"), new.get("large")) == (b"", large)


def test_what_is_there_already_is_left_alone_whether_it_is_the_same_or_not(
    old: Side, new: Side, ledger: Ledger
) -> None:
    for key in ("same", "other"):
        old.put(key, b"ours")
    new.put("same", b"ours", Metadata={"by": "somebody"})
    new.put("other", b"theirs")
    assert _copy(old, new, ledger) == {"other": "the target has another object with this key"}
    assert new.get("other") == b"theirs"
    assert new.client.head_object(Bucket=new.settings.bucket, Key="same")["Metadata"] == {"by": "somebody"}


def test_an_object_without_md5_is_compared_by_reading_its_copy(old: Side, new: Side, ledger: Ledger) -> None:
    for side in (old, new):
        upload = side.client.create_multipart_upload(Bucket=side.settings.bucket, Key="parts")
        names = {"Bucket": side.settings.bucket, "Key": "parts", "UploadId": upload["UploadId"]}
        part = side.client.upload_part(**names, PartNumber=1, Body=b"in parts")
        deps = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
        side.client.complete_multipart_upload(**names, MultipartUpload=deps)
    assert next(iter(old.foreign.walk())).md5 is None
    assert _copy(old, new, ledger) == {}


def test_an_object_that_goes_or_changes_after_it_was_listed_is_named(old: Side, new: Side, ledger: Ledger) -> None:
    for key in ("gone", "changed", "fine"):
        old.put(key, b"before")
    copying.find(old.foreign, ledger, accept_changed=False)
    old.client.delete_object(Bucket=old.settings.bucket, Key="gone")
    old.put("changed", b"beform")
    reasons = _copy(old, new, ledger)
    assert reasons.keys() == {"gone", "changed"}
    assert reasons["gone"] == "it no longer exists"
    assert str(reasons["changed"]).startswith("damaged: MD5 ")
    assert new.keys() == ["fine"]
    old.put("gone", b"before")
    assert copying.find(old.foreign, ledger, accept_changed=True) == ["changed"]
    assert _copy(old, new, ledger) == {}
    assert new.get("changed") == b"beform"


def test_a_storage_that_is_away_is_told_and_tried_again(
    old: Side, new: Side, ledger: Ledger, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.storage.migration_bucket.TRIES", 1)
    old.put("one", b"1")
    copying.find(old.foreign, ledger, accept_changed=False)
    nowhere = MigrationBucket(old.settings.model_copy(update={"endpoint": f"http://127.0.0.1:{free_port}"}))
    copying.copy(old.foreign, nowhere, ledger, workers=1)
    (record,) = ledger.missing()
    assert str(record.reason).startswith("The storage cannot be reached")
    assert _copy(old, new, ledger) == {}


def test_verifying_finds_a_copy_that_was_damaged_or_lost(old: Side, new: Side, ledger: Ledger) -> None:
    for key in ("fine", "damaged", "lost"):
        old.put(key, b"12345")
    assert _copy(old, new, ledger) == {}
    new.put("damaged", b"12346")
    new.client.delete_object(Bucket=new.settings.bucket, Key="lost")
    copying.verify(new.foreign, ledger, workers=2)
    reasons = {record.listed.key: record.reason for record in ledger.missing()}
    assert reasons == {"damaged": "the copy has changed since", "lost": "it no longer exists"}


def test_a_copy_that_arrives_damaged_is_not_counted(old: Side, new: Side, ledger: Ledger) -> None:
    old.put("one", b"1")
    put = new.foreign.put
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(new.foreign, "put", lambda *what: replace(put(*what), tag="f" * 32))
        assert _copy(old, new, ledger) == {"one": "the copy arrived damaged"}


def test_few_are_begun_before_they_are_worked_on() -> None:
    begun = []

    def records() -> Iterator[Record]:
        for number in range(100):
            begun.append(number)
            yield Record(Listed(str(number), number, "tag"))

    ended = 0
    for record, outcome in copying.each(records(), lambda record: record.listed.bytes, 3):
        assert outcome == record.listed.bytes
        ended += 1
        assert len(begun) <= ended + 6
    assert ended == 100
