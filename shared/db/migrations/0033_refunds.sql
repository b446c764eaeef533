-- Money of a cancelled order goes back whole, however much it is, so no person has to decide about it.
alter table orders drop constraint orders_received_check;
alter table orders add constraint orders_received_check
    check (received_cents in (0, total_cents) or review is not null or cancelled_at is not null);

-- Pages of disputes, and what each costs while it is not won.
alter table disputes
    add column id uuid not null unique default gen_random_uuid(),
    add column withdrawn_cents bigint not null default 0,
    add column checked_at timestamptz not null default now(),
    add column created_at timestamptz not null default now();
create index disputes_created on disputes (created_at desc, id desc);
create index disputes_open on disputes (checked_at) where status not in ('won', 'lost', 'prevented', 'warning_closed');

-- A second payment of an order that goes back while the order goes on: it counts neither as received nor as refunded.
alter table payments add column surplus boolean not null default false;
create index payments_without_fee on payments (received_at) where status = 'succeeded' and fee_cents is null;

-- What the reconciler does now and then, whichever instance does it; `until` is how far it has come.
create table reconciler_tasks (
    task text primary key,
    due_at timestamptz not null,
    until timestamptz not null);
