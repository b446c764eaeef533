"""The storage may be down, silent, slow or forbid everything; objects may vanish."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest
from moto.server import ThreadedMotoServer

from deploy.local.supervisor import await_ready
from tests.chaos.conftest import Note
from tests.chaos.crowd import Crowd, a_guest
from tests.chaos.proxy import Proxy
from tests.chaos.settled import assert_settled
from tests.chaos.system import System

REFUSED_S = 10.0  # within which an upload is refused
_KEYS = {"R2_ACCESS_KEY_ID": "id", "R2_SECRET_ACCESS_KEY": "secret", "R2_BUCKET_NAME": "pictures"}


@pytest.fixture
def bucket(free_port: int) -> Iterator[Proxy]:
    """An S3 server with a bucket, behind a network."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=free_port, verbose=False)
    server.start()
    client = boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{free_port}",
        aws_access_key_id="id",
        aws_secret_access_key="secret",
        region_name="us-east-1",
    )
    client.create_bucket(Bucket="pictures")
    client.close()
    with Proxy(free_port) as network:
        yield network
    server.stop()


def test_no_job_is_accepted_without_its_object(
    system: System, crowd: Crowd, bucket: Proxy, long: bool, note: Note
) -> None:
    """A separate api stores in a bucket, of which this system's workers know nothing."""
    api = system.another("api", 0, R2_ENDPOINT=f"http://127.0.0.1:{bucket.port}", **_KEYS)
    await_ready(api)
    address = f"http://127.0.0.1:{api.port}"
    with system.database() as connection:
        before = connection.execute("select count(*) as rows from assets").fetchone()
        bucket.refusing = True
        assert crowd.send(address=address) is None
        note("refusing: answered in s", round(crowd.slowest_s, 1))
        bucket.heal()
        bucket.blackhole = True
        with ThreadPoolExecutor(3) as pool:
            assert not any(list(pool.map(lambda _: crowd.send(address=address), range(3))))
        note("silent: answered in s", round(crowd.slowest_s, 1))
        bucket.heal()
        after = connection.execute("select count(*) as rows from assets").fetchone()
    assert before == after, "a row without an object"
    assert crowd.statuses == {503: 4}
    assert crowd.slowest_s < REFUSED_S
    assert_settled(system, crowd, 10, refusals=(503,))


@pytest.mark.usefixtures("only_long")
def test_a_vanished_source_fails_its_job_with_a_message(system: System, crowd: Crowd) -> None:
    for worker in system.workers:
        worker.stop()
    with a_guest() as guest:
        job_id = crowd.send(guest=guest)
        with system.database() as connection:
            row = connection.execute(
                "select key from assets where id = (select asset_id from jobs where id = %s)", [job_id]
            ).fetchone()
        assert row
        system.objects()[row["key"]].unlink()
        for worker in system.workers:
            worker.start()
        assert_settled(system, crowd, 20, failures=("source_missing",))
        job = guest.get(f"{system.stack.address}/api/jobs/{job_id}", timeout=5).json()
        assert (job["status"], job["error"]["code"]) == ("failed", "source_missing")
        assert job["error"]["message"]
