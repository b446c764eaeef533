"""No statement about designs reads a whole table, however many there are."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from shared.db import catalogue_load, designs, print_jobs
from shared.db.pagination import Cursor
from shared.db.pool import Database
from shared.models.owner import Owner, OwnerType
from tests.databases import Databases
from tests.shared.db import plans

DESIGNS = 40_000
KEY, GUEST = UUID(int=0), Owner(OwnerType.GUEST, "guest-7")
MIDDLE = Cursor(datetime.now(UTC) - timedelta(minutes=DESIGNS // 2), KEY)
_ADDED = """
with owner as (select n, 'guest-' || n %% 500 as id from generate_series(1, %(count)s) n),
    picture as (
        insert into assets (
            id, owner_type, owner_id, kind, key, sha256, content_type, width, height, bytes, created_at, used_at,
            orientation, name, drawn
        )
        select gen_random_uuid(), 'guest', id, 'cutout', md5(n::text) || md5(n::text) || '.png', md5(n::text),
            'image/png', 40, 30, 9, now() - n * interval '1 minute', now() - n * interval '1 minute', 1, '', false
        from owner
        returning id, owner_id, created_at
    ),
    design as (
        insert into designs (id, owner_type, owner_id, product_id, name, colour, created_at, updated_at)
        select id, 'guest', owner_id, (select id from products limit 1), 'Load', 'ffffff', created_at, created_at
        from picture
        returning id
    )
insert into design_placements (
    design_id, placement, position, asset_id, method, left_um, top_um, width_um, ink_width, ink_height
)
select id, 'front', 0, id, 'dtg', 0, 0, 1000, 40, 30
from design
"""

STATEMENTS: Mapping[str, tuple[Callable[[Any], object], set[str]]] = {
    "by id": (lambda connection: designs.find(connection, GUEST, KEY), {"designs_pkey"}),
    "of a cart": (lambda connection: designs.find_many(connection, GUEST, [KEY]), {"designs_pkey"}),
    "newest": (lambda connection: designs.page(connection, GUEST, 20, None), {"designs_owner"}),
    "from the middle": (lambda connection: designs.page(connection, GUEST, 20, MIDDLE), {"designs_owner"}),
    "deleted": (lambda connection: designs.delete(connection, GUEST, KEY), {"designs_pkey"}),
    "ink": (lambda connection: designs.ink_of(connection, [KEY]), {"design_placements_asset"}),
    "checks": (lambda connection: print_jobs.newest_of(connection, [(KEY, "key")]), {"jobs_request"}),
    "expired": (lambda connection: designs.expire(connection, OwnerType.GUEST, 2e6, 20), {"designs_idle"}),
    "dropped": (lambda connection: designs.prune(connection, 60, 500), {"designs_deleted"}),
}


@pytest.fixture(scope="module")
def shop(databases: Databases) -> Iterator[Database]:
    """A database with many designs of 500 guests, each of a picture of its own."""
    database = Database(databases.lasting(), statement_s=60)
    database.open()
    with database.transaction() as connection:
        catalogue_load.add(connection, 3000, 1, "test")
        connection.execute(_ADDED.encode(), {"count": DESIGNS})
        connection.execute("analyze products, print_areas, assets, designs, design_placements")
    yield database
    database.close()


@pytest.mark.parametrize(("work", "indexes"), STATEMENTS.values(), ids=STATEMENTS)
def test_a_statement_reads_by_index(shop: Database, work: Callable[[Any], object], indexes: set[str]) -> None:
    plan = plans.of(shop, work)
    assert indexes <= plan.indexes
    assert plan.whole <= {"jobs"}  # is empty here
