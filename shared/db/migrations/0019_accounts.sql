-- Customers sign in with an address and a password. An erased one keeps its row, for its orders, without a personal word.
create table customers (
    id uuid primary key,
    email text check (length(email) between 3 and 254),
    password_hash text,
    name text not null default '',
    role text not null default 'customer' check (role in ('customer', 'admin')),
    created_at timestamptz not null default now(),
    deleted_at timestamptz,
    check ((deleted_at is null) = (email is not null)),
    check ((deleted_at is null) = (password_hash is not null))
);
create unique index customers_email on customers (lower(email));

-- Of a token only the SHA-256 is stored.
create table sessions (
    id uuid primary key,
    hash text not null unique,
    customer_id uuid not null references customers on delete cascade,
    agent text not null,
    created_at timestamptz not null default now(),
    seen_at timestamptz not null default now(),
    expires_at timestamptz not null check (expires_at > created_at)
);
create index sessions_customer on sessions (customer_id, created_at desc);
create index sessions_expires on sessions (expires_at);

-- What a mail's link proves: that its reader has the address. The row is deleted as the token is spent. A customer is made
-- of a token of `verify`, so that the password is that of the registration whose mail was followed.
create table email_tokens (
    hash text primary key,
    purpose text not null check (purpose in ('verify', 'change', 'reset')),
    email text not null,
    customer_id uuid references customers on delete cascade,
    name text,
    password_hash text,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    check ((purpose = 'verify') = (customer_id is null)),
    check ((purpose = 'verify') = (name is not null)),
    check ((purpose = 'verify') = (password_hash is not null))
);
create index email_tokens_customer on email_tokens (customer_id);
create index email_tokens_email on email_tokens (lower(email));
create index email_tokens_expires on email_tokens (expires_at);

create table addresses (
    id uuid primary key,
    customer_id uuid not null references customers on delete cascade,
    address jsonb not null,
    created_at timestamptz not null default now()
);
create index addresses_customer on addresses (customer_id, created_at desc, id desc);

-- Not valid: no row that is there needs to be read, because the scopes before are among these.
alter table api_keys drop constraint api_keys_scope_check;
alter table api_keys add constraint api_keys_scope_check
    check (scope in ('premium', 'admin', 'orders', 'catalogue')) not valid;
