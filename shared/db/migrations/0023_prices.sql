-- Price lists, discount codes and quotes. Money is in minor units, rates in basis points.
-- The newest version applies; before the first one the list that is shipped does, as version 0.
create table price_lists (
    version integer primary key check (version > 0),
    list jsonb not null check (jsonb_typeof(list) = 'object'),
    set_by text not null check (set_by <> ''),
    set_at timestamptz not null default now());

create table discounts (
    id uuid primary key,
    code text not null unique check (code ~ '^[A-Z0-9-]{3,32}$'),
    off_bp integer check (off_bp between 1 and 10000),
    off_cents bigint check (off_cents > 0),
    minimum_cents bigint not null default 0 check (minimum_cents >= 0),
    starts_at timestamptz,
    ends_at timestamptz,
    max_uses integer check (max_uses > 0),
    uses integer not null default 0 check (uses >= 0),
    created_at timestamptz not null default now(),
    constraint discounts_off_check check (num_nonnulls(off_bp, off_cents) = 1),
    constraint discounts_days_check check (starts_at < ends_at));
create index discounts_created on discounts (created_at desc, id desc);

-- `charges` has the lines. The sums are theirs, and an order keeps them.
create table quotes (
    id uuid primary key,
    owner_type text not null,
    owner_id text not null,
    currency text not null check (currency ~ '^[a-z]{3}$'),
    subtotal_cents bigint not null,
    discount_cents bigint not null,
    shipping_cents bigint not null check (shipping_cents >= 0),
    tax_cents bigint not null check (tax_cents >= 0),
    total_cents bigint not null,
    charges jsonb not null check (jsonb_typeof(charges) = 'object'),
    country text not null check (country ~ '^[A-Z]{2}$'),
    postal_code text not null,
    discount_code text,
    price_version integer not null check (price_version >= 0),
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    used_at timestamptz,
    constraint quotes_discount_cents_check check (discount_cents between 0 and subtotal_cents),
    constraint quotes_total_cents_check check (total_cents = subtotal_cents - discount_cents + shipping_cents + tax_cents),
    constraint quotes_expires_at_check check (expires_at > created_at));
create index quotes_expires on quotes (expires_at);
create index quotes_owner on quotes (owner_type, owner_id);
