-- Orders, what is paid for them, and what is made of them. Money is in minor units, rates are in basis points.
-- Facts of an order's money are written, and payment_status follows from them: no status can contradict them.
create table orders (
    id uuid primary key,
    order_number text not null unique check (order_number ~ '^ST-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$'),
    customer_id uuid not null references customers,
    quote_id uuid not null unique, -- quotes are deleted a day after they have expired
    test boolean not null, -- no real money: Stripe's test mode, or the double
    currency text not null check (currency ~ '^[a-z]{3}$'),
    subtotal_cents bigint not null check (subtotal_cents >= 0),
    discount_cents bigint not null check (discount_cents between 0 and subtotal_cents),
    discount_code text,
    shipping_cents bigint not null check (shipping_cents >= 0),
    shipping_tax_bp integer not null check (shipping_tax_bp between 0 and 10000),
    shipping_tax_cents bigint not null check (shipping_tax_cents >= 0),
    tax_cents bigint not null check (tax_cents >= shipping_tax_cents), -- of all lines and of shipping
    total_cents bigint not null
        check (total_cents = subtotal_cents - discount_cents + shipping_cents + tax_cents and total_cents > 0),
    zone text not null,
    weight_g integer not null check (weight_g >= 0),
    ship_to jsonb not null check (jsonb_typeof(ship_to) = 'object'),
    processing boolean not null default false,
    declined boolean not null default false,
    received_cents bigint not null default 0 check (received_cents >= 0), -- the sum of payments succeeded
    refunded_cents bigint not null default 0 check (refunded_cents >= 0), -- the sum of refunds succeeded
    refunding_cents bigint not null default 0 check (refunding_cents >= 0), -- the sum of refunds new or pending
    dispute text not null default 'none' check (dispute in ('none', 'open', 'won', 'lost')),
    review text, -- why a person must look before anything goes on
    cancelled_at timestamptz,
    payment_status text not null generated always as (
        case
            when review is not null then 'review'
            when dispute = 'open' then 'disputed'
            when dispute = 'lost' then 'lost'
            when received_cents > 0 and refunded_cents = received_cents then 'refunded'
            when refunded_cents > 0 then 'partly_refunded'
            when received_cents > 0 then 'paid'
            when cancelled_at is not null then 'cancelled'
            when processing then 'processing'
            when declined then 'failed'
            else 'unpaid'
        end) stored,
    production_status text not null default 'waiting' check (production_status in
        ('waiting', 'queued', 'printing', 'printed', 'packed', 'shipped', 'delivered', 'held', 'cancelled')),
    held_from text check (held_from in ('waiting', 'queued', 'printing', 'printed', 'packed')),
    held_for text, -- `dispute`, `review`, `artwork`, or an admin's words
    version integer not null default 1 check (version > 0),
    hold_until timestamptz, -- until then unpaid stock is reserved
    created_at timestamptz not null default now(),
    paid_at timestamptz,
    constraint orders_refunds_check check (refunded_cents + refunding_cents <= received_cents),
    constraint orders_paid_at_check check ((received_cents > 0) = (paid_at is not null)),
    constraint orders_received_check check (received_cents in (0, total_cents) or review is not null),
    constraint orders_production_check check (production_status in ('waiting', 'held', 'cancelled')
        or (received_cents = total_cents and review is null)),
    constraint orders_cancelled_check check ((cancelled_at is not null) = (production_status = 'cancelled')),
    constraint orders_held_check
        check ((production_status = 'held') = (held_from is not null) and (held_from is null) = (held_for is null))
) with (fillfactor = 90);
create index orders_customer on orders (customer_id, created_at desc, id desc);
create index orders_created on orders (created_at desc, id desc);
create index orders_payment_status on orders (payment_status, created_at desc, id desc);
create index orders_production_status on orders (production_status, created_at desc, id desc);
create index orders_hold on orders (hold_until) where hold_until is not null;

-- A line: equal pieces. Titles, prices and prints are those of the order, whatever becomes of the catalogue.
create table order_items (
    id uuid primary key,
    order_id uuid not null references orders on delete cascade,
    line smallint not null check (line > 0),
    variant_id uuid not null references variants,
    sku text not null,
    title text not null,
    colour text not null,
    colour_hex text not null check (colour_hex ~ '^[0-9a-f]{6}$'),
    size text not null,
    quantity integer not null check (quantity between 1 and 1000),
    unit_cents bigint not null check (unit_cents >= 0),
    discount_cents bigint not null default 0 check (discount_cents between 0 and quantity * unit_cents),
    tax_bp integer not null check (tax_bp between 0 and 10000),
    tax_cents bigint not null check (tax_cents >= 0),
    total_cents bigint not null check (total_cents = quantity * unit_cents - discount_cents + tax_cents),
    unique (order_id, line));
create index order_items_variant on order_items (variant_id);

-- What is printed on each piece of a line. The picture is the shop's own copy, which outlives the customer's.
create table order_prints (
    id uuid primary key,
    order_item_id uuid not null references order_items on delete cascade,
    position smallint not null check (position >= 0),
    design_id uuid not null, -- it may be deleted
    placement text not null,
    asset_id uuid not null,
    method text not null,
    left_um integer not null,
    top_um integer not null,
    width_um integer not null check (width_um > 0),
    height_um integer not null check (height_um > 0),
    rotation_mdeg integer not null default 0 check (rotation_mdeg between 0 and 359999),
    print_job_id uuid, -- makes the file for the printer
    rejected_at timestamptz,
    rejection text,
    unique (order_item_id, position),
    constraint order_prints_rejection_check check ((rejected_at is null) = (rejection is null)));
create index order_prints_asset on order_prints (asset_id);

alter table stock_moves add column order_item_id uuid references order_items;
alter table stock_moves drop constraint stock_moves_reason_check;
alter table stock_moves add constraint stock_moves_reason_check check (reason in
    ('initial', 'received', 'counted', 'damaged', 'returned', 'sold', 'released', 'reprinted')) not valid;
alter table stock_moves add constraint stock_moves_order_check
    check (reason not in ('sold', 'released', 'reprinted') or order_item_id is not null) not valid;
-- A line is sold once and given back once; reprints and returns may be several.
create unique index stock_moves_of_order on stock_moves (order_item_id, reason)
    where reason in ('sold', 'released');

-- What happened to an order, for its customer and the shop. Never changed.
create table order_events (
    id uuid primary key,
    order_id uuid not null references orders on delete cascade,
    what text not null check (length(what) between 1 and 100),
    facts jsonb not null default '{}' check (jsonb_typeof(facts) = 'object'),
    actor text not null check (length(actor) between 1 and 254),
    at timestamptz not null default now());
create index order_events_order on order_events (order_id, id);

-- The key is stored before Stripe is called, so that a call whose answer was lost is repeated with it.
create table payments (
    id uuid primary key,
    order_id uuid not null references orders,
    kind text not null check (kind in ('payment_intent', 'checkout_session')),
    idempotency_key text not null unique check (length(idempotency_key) between 1 and 255),
    stripe_id text unique,
    intent_id text unique,
    status text not null default 'new'
        check (status in ('new', 'open', 'processing', 'succeeded', 'failed', 'cancelled')),
    amount_cents bigint not null check (amount_cents > 0),
    currency text not null check (currency ~ '^[a-z]{3}$'),
    fee_cents bigint, -- Stripe's, once it is known
    error_code text,
    received_at timestamptz, -- when Stripe received the money
    checked_at timestamptz, -- when Stripe was last asked
    created_at timestamptz not null default now(),
    constraint payments_stripe_check check (status in ('new', 'failed', 'cancelled') or stripe_id is not null),
    constraint payments_received_check check ((status = 'succeeded') = (received_at is not null)));
create index payments_order on payments (order_id);
create unique index payments_one_open on payments (order_id) where status in ('new', 'open', 'processing');
create index payments_unsettled on payments (created_at) where status in ('new', 'open', 'processing');
create index payments_received on payments (received_at) where received_at is not null;

create table refunds (
    id uuid primary key,
    payment_id uuid not null references payments,
    order_id uuid not null references orders,
    idempotency_key text not null unique check (length(idempotency_key) between 1 and 255),
    stripe_id text unique,
    amount_cents bigint not null check (amount_cents > 0),
    lines jsonb not null check (jsonb_typeof(lines) = 'array'), -- what of which line is paid back, with its tax
    status text not null default 'new' check (status in ('new', 'pending', 'succeeded', 'failed', 'cancelled')),
    reason text not null default '' check (length(reason) <= 500),
    actor text not null check (length(actor) between 1 and 254),
    error_code text,
    refunded_at timestamptz, -- when Stripe paid it back; it stays if the refund fails later
    failed_at timestamptz,
    checked_at timestamptz,
    created_at timestamptz not null default now());
create index refunds_order on refunds (order_id);
create index refunds_payment on refunds (payment_id);
create index refunds_unsettled on refunds (created_at) where status in ('new', 'pending');
create index refunds_refunded on refunds (refunded_at) where refunded_at is not null;

create table disputes (
    stripe_id text primary key,
    order_id uuid not null references orders,
    payment_id uuid not null references payments,
    status text not null,
    amount_cents bigint not null check (amount_cents > 0),
    reason text not null default '',
    evidence_due_at timestamptz,
    opened_at timestamptz not null,
    updated_at timestamptz not null default now());
create index disputes_order on disputes (order_id);

-- The id stays for ever, so that an event sent again is known; the body goes once it is handled.
create table webhook_events (
    id text primary key,
    type text not null,
    object_id text not null,
    happened_at timestamptz not null,
    body jsonb,
    received_at timestamptz not null default now(),
    handled_at timestamptz,
    attempts smallint not null default 0 check (attempts >= 0),
    error text,
    constraint webhook_events_body_check check (handled_at is null or body is null));
create index webhook_events_open on webhook_events (received_at) where handled_at is null;

create table shipments (
    id uuid primary key,
    order_id uuid not null references orders,
    carrier text not null check (length(carrier) between 1 and 60),
    tracking text not null default '' check (length(tracking) <= 100),
    shipped_at timestamptz not null default now(),
    delivered_at timestamptz,
    constraint shipments_delivered_check check (delivered_at >= shipped_at));
create index shipments_order on shipments (order_id, shipped_at);

-- Pieces printed again without a new charge.
create table reprints (
    id uuid primary key,
    order_item_id uuid not null references order_items on delete cascade,
    quantity integer not null check (quantity between 1 and 1000),
    reason text not null check (length(reason) between 1 and 500),
    actor text not null check (length(actor) between 1 and 254),
    created_at timestamptz not null default now(),
    printed_at timestamptz);
create index reprints_item on reprints (order_item_id);

-- Invoices and credit notes. A number is taken in the transaction of its document, under the lock of its series, so that
-- a series has no gap. Documents never change: what they say is stored with them.
create table invoice_series (
    series text primary key check (series in ('invoice', 'credit_note')),
    last integer not null check (last >= 0));
insert into invoice_series values ('invoice', 0), ('credit_note', 0);
create table invoices (
    id uuid primary key,
    series text not null references invoice_series,
    number integer not null check (number > 0),
    order_id uuid not null references orders,
    refund_id uuid references refunds,
    facts jsonb not null check (jsonb_typeof(facts) = 'object'), -- seller, buyer, lines, taxes
    currency text not null check (currency ~ '^[a-z]{3}$'),
    tax_cents bigint not null,
    total_cents bigint not null,
    issued_at timestamptz not null default now(),
    unique (series, number),
    constraint invoices_refund_check check ((series = 'credit_note') = (refund_id is not null)));
create unique index invoices_of_order on invoices (order_id) where series = 'invoice';
create index invoices_order on invoices (order_id);
create index invoices_refund on invoices (refund_id) where refund_id is not null;
