-- The catalogue: products, where they may be printed, and the variants that are sold. Lengths are micrometres.
create table products (
    id uuid primary key,
    slug text not null unique check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(slug) <= 100),
    title text not null check (length(title) between 1 and 200),
    description text not null default '' check (length(description) <= 10000),
    category text not null check (category ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(category) <= 100),
    tags text not null default '' check (length(tags) <= 1000), -- words for search
    pictures jsonb not null default '[]' check (jsonb_typeof(pictures) = 'array'),
    size_chart jsonb not null default '[]' check (jsonb_typeof(size_chart) = 'array'),
    status text not null default 'draft' check (status in ('draft', 'active', 'archived')),
    version integer not null default 1 check (version > 0),
    from_cents bigint not null check (from_cents > 0), -- the least price of its variants
    search tsvector not null generated always as (setweight(to_tsvector('english', title), 'A')
        || setweight(to_tsvector('english', tags), 'B') || setweight(to_tsvector('english', description), 'C')) stored,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now());
create index products_status on products (status, created_at desc, id desc);
create index products_category on products (category, created_at desc, id desc) where status = 'active';
create index products_search on products using gin (search) with (fastupdate = off); -- read far more than written

-- `garment` names the view of shared/models/garment.py on which mock-ups of this placement are drawn.
create table print_areas (
    product_id uuid not null references products on delete cascade,
    placement text not null check (placement ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(placement) <= 40),
    width_um integer not null check (width_um > 0),
    height_um integer not null check (height_um > 0),
    methods text[] not null check (cardinality(methods) > 0),
    garment text,
    primary key (product_id, placement));

-- `stock` is what may still be sold. Sales change it in place, so pages keep room for the next version of a row.
create table variants (
    id uuid primary key,
    product_id uuid not null references products,
    sku text not null unique check (sku ~ '^[A-Za-z0-9._-]{1,64}$'),
    colour text not null check (length(colour) between 1 and 60),
    colour_hex text not null check (colour_hex ~ '^[0-9a-f]{6}$'),
    size text not null check (length(size) between 1 and 30),
    price_cents bigint not null check (price_cents > 0),
    weight_g integer not null check (weight_g > 0),
    stock integer not null check (stock >= 0),
    created_at timestamptz not null default now(),
    archived_at timestamptz,
    unique (product_id, colour, size)) with (fillfactor = 80);
-- For colours and sizes that few products have.
create index variants_colour on variants (colour, size);
create index variants_size on variants (size);

-- What is cached of the catalogue is cached under this version. Each transaction that writes to the catalogue changes it
-- once, and locks it before any other row, so that two writers cannot deadlock. Sales leave it alone: they neither wait
-- for an import nor empty the cache.
create table catalogue_version (
    singleton boolean primary key default true check (singleton),
    version uuid not null,
    writer xid8 not null);
create function renew_catalogue_version() returns void language sql as $$
    insert into catalogue_version (version, writer)
    values (gen_random_uuid(), pg_current_xact_id())
    on conflict (singleton) do update
    set version = excluded.version, writer = excluded.writer
    where catalogue_version.writer <> excluded.writer
$$;
create function catalogue_written() returns trigger language plpgsql as $$
begin
    perform renew_catalogue_version();
    return null;
end $$;
create trigger catalogue_written before insert or update or delete on products
    for each statement execute function catalogue_written();
create trigger catalogue_written before insert or update or delete on print_areas
    for each statement execute function catalogue_written();
create trigger catalogue_written before insert or delete
    or update of product_id, sku, colour, colour_hex, size, price_cents, weight_g, archived_at on variants
    for each statement execute function catalogue_written();
