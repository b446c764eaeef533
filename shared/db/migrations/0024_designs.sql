-- Designs: pictures placed on a product's print areas. Lengths are micrometres, angles thousandths of a degree.
create table designs (
    id uuid primary key,
    owner_type text not null,
    owner_id text not null,
    product_id uuid not null references products,
    name text not null check (length(name) between 1 and 100),
    colour text not null check (colour ~ '^[0-9a-f]{6}$'), -- of the garment on which it is shown and checked
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(), -- a design expires by this
    deleted_at timestamptz);
create index designs_owner on designs (owner_type, owner_id, created_at desc, id desc) where deleted_at is null;
create index designs_idle on designs (owner_type, updated_at) where deleted_at is null;
create index designs_deleted on designs (deleted_at) where deleted_at is not null;
create index designs_product on designs (product_id);

-- The placement is no foreign key, as the shop may stop printing there; the picture is none, as it may be deleted.
create table design_placements (
    design_id uuid not null references designs on delete cascade,
    placement text not null,
    position smallint not null check (position >= 0), -- in the order given
    asset_id uuid not null,
    method text not null,
    left_um integer not null,
    top_um integer not null,
    width_um integer not null check (width_um > 0),
    ink_width integer not null check (ink_width > 0), -- of the ink's box, pixels
    ink_height integer not null check (ink_height > 0),
    rotation_mdeg integer not null default 0 check (rotation_mdeg between 0 and 359999),
    primary key (design_id, placement),
    unique (design_id, position));
create index design_placements_asset on design_placements (asset_id);
