-- Pieces that came back with a refund by amount, which pays back no pieces: how many by line.
alter table refunds
    add column returned jsonb not null default '{}' check (jsonb_typeof(returned) = 'object');
