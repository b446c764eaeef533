-- Credits of remove.bg's API: how many a key has each month, null for any number, and how many quarters of one it has used.
alter table api_keys add column monthly_credits integer check (monthly_credits >= 0);
create table credits_used (
    key_id uuid not null references api_keys,
    month date not null,
    quarters bigint not null check (quarters >= 0),
    primary key (key_id, month)
);
