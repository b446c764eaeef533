-- The outbox: mails are rows of the transaction that causes them, and one thread of the api sends them. `once` names the
-- cause, so that a repeated request queues no second mail.
create table mails (
    id uuid primary key,
    once text not null unique check (length(once) between 1 and 200),
    recipient text not null check (length(recipient) between 3 and 254 and recipient !~ '[[:space:][:cntrl:],;<>"]'),
    template text not null,
    facts jsonb not null,
    status text not null default 'queued' check (status in ('queued', 'sent', 'failed')),
    attempts smallint not null default 0 check (attempts >= 0),
    run_after timestamptz not null default now(),
    expires_at timestamptz not null,
    lease_until timestamptz,
    error text,
    created_at timestamptz not null default now(),
    sent_at timestamptz,
    check ((status = 'sent') = (sent_at is not null)),
    check (status = 'queued' or lease_until is null)
);
create index mails_due on mails (run_after) where status = 'queued';
create index mails_leased on mails (lease_until) where lease_until is not null;
create index mails_created on mails (created_at desc, id desc);
create index mails_status on mails (status, created_at desc, id desc);
create index mails_recipient on mails (lower(recipient), created_at);
