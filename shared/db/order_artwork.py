"""The shop's copies of what orders print, and the files made of them: kept until their orders are long finished."""

from shared.db.pool import Connection
from shared.models.order import ARTWORK

# What an asset is printed for: its own order, or those of the pictures that it was made of.
_ORDERS = """from order_prints
        join order_items on order_items.id = order_item_id
        join orders on orders.id = order_id
    where order_prints.asset_id = any(coalesce(assets.origins, array[assets.made_of, assets.id]))"""
_FINISHED = "production_status in ('shipped', 'delivered', 'cancelled') or payment_status in ('refunded', 'lost')"


def expire(connection: Connection, keep_s: float, limit: int) -> int:
    """Hide what belongs only to finished orders to which nothing has happened for `keep_s`; returns how much."""
    return connection.execute(
        f"""with due as materialized (
            select id
            from assets
            where owner_type = %(type)s
                and owner_id = %(owner)s
                and deleted_at is null
                and created_at < now() - %(keep)s * interval '1 second'
                and not exists (
                    select {_ORDERS}
                    and (
                        not ({_FINISHED})
                        or exists (
                            select from order_events
                            where order_events.order_id = orders.id and at >= now() - %(keep)s * interval '1 second'
                        )
                    )
                )
            order by created_at
            limit %(limit)s
            for update skip locked
        )
        update assets
        set deleted_at = now()
        from due
        where assets.id = due.id""",
        {"type": ARTWORK.type, "owner": ARTWORK.id, "keep": keep_s, "limit": limit},
    ).rowcount
