-- When an event that is not handled yet was last tried.
alter table webhook_events add column tried_at timestamptz;

-- Money may come a second time, or a review begin, when an order has been shipped already.
alter table orders drop constraint orders_production_check;
alter table orders add constraint orders_production_check check (
    production_status in ('waiting', 'held', 'cancelled')
    or (received_cents = total_cents and review is null)
    or (production_status in ('shipped', 'delivered') and received_cents > 0)) not valid;
