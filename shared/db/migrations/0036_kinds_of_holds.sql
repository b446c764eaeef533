-- Why an order is held is a kind; what an admin says about it stands beside it.
alter table orders add column held_reason text;
-- The shop's own holds follow from facts: one without its fact was an admin's words of the same spelling.
update orders set held_reason = held_for, held_for = 'admin'
where held_for not in ('dispute', 'review', 'artwork')
    or held_for = 'dispute' and dispute not in ('open', 'lost')
    or held_for = 'review' and review is null
    or held_for = 'artwork' and not exists (
        select from order_items join order_prints on order_item_id = order_items.id
        where order_id = orders.id and rejection is not null);
alter table orders
    add constraint orders_held_for_check check (held_for in ('dispute', 'review', 'artwork', 'admin')),
    add constraint orders_held_reason_check
        check ((held_for is not distinct from 'admin') = (held_reason is not null));

-- Nothing ever stored the body of an event: Stripe is asked what its object is now.
alter table webhook_events drop column body;
