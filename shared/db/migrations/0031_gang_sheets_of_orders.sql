-- Which prints of orders lie on which gang sheet, so that none is laid out twice. A reprint is laid out once more.
create table gang_sheet_prints (
    job_id uuid not null, -- outlives the job, which is deleted when it is old
    order_print_id uuid not null references order_prints on delete cascade,
    reprint_id uuid references reprints on delete cascade,
    item smallint not null check (item >= 0), -- of the job's input
    copies integer not null check (copies between 1 and 1000),
    created_at timestamptz not null default now());
create unique index gang_sheet_prints_once on gang_sheet_prints (order_print_id) where reprint_id is null;
create unique index gang_sheet_prints_reprint on gang_sheet_prints (reprint_id, order_print_id)
    where reprint_id is not null;
create index gang_sheet_prints_job on gang_sheet_prints (job_id);
create index gang_sheet_prints_print on gang_sheet_prints (order_print_id);
