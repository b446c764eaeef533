-- Every change of a variant's stock, and why: the sum of its quantities is the stock.
create table stock_moves (
    id uuid primary key,
    variant_id uuid not null references variants,
    quantity integer not null check (quantity <> 0),
    reason text not null check (reason in ('initial', 'received', 'counted', 'damaged', 'returned')),
    note text not null default '' check (length(note) <= 200),
    actor text not null check (length(actor) between 1 and 200),
    created_at timestamptz not null default now());
create index stock_moves_variant on stock_moves (variant_id, created_at desc, id desc);
