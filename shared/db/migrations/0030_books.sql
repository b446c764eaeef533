-- The books. What a dispute took from the balance at Stripe or gave back, with its fee: an appeal may repeat both.
create table dispute_transactions (
    stripe_id text primary key,
    dispute_id text not null references disputes,
    amount_cents bigint not null, -- below 0 if the money was taken
    fee_cents bigint not null, -- below 0 if the fee was given back
    booked_at timestamptz not null);
create index dispute_transactions_booked on dispute_transactions (booked_at);
create index dispute_transactions_dispute on dispute_transactions (dispute_id);
create index refunds_failed on refunds (failed_at) where failed_at is not null;

-- How the books of a day (UTC) compared with Stripe's, when that was last looked at.
create table book_checks (
    day date not null,
    test boolean not null,
    started_at timestamptz not null, -- by the instance that checks it
    checked_at timestamptz, -- null while it was never finished, or must be done again
    differences jsonb not null default '[]' check (jsonb_typeof(differences) = 'array'),
    primary key (day, test));
