-- ready: may be claimed. later: not due yet. blocked: another job of its picture runs. claimed: leased.
-- exhausted: no attempt is left. Null: it has ended, or 0013 has not enrolled it yet.
alter table jobs add column claim_state text;
-- When time alone changes claim_state: after a renewal it may be early, but it is never late.
alter table jobs add column wakes_at timestamptz;
-- Until when changes are announced. The default is for the release before, which does not write it.
alter table jobs add column followed_until timestamptz default '3000-01-01 00:00Z';

-- Most changes of a job touch no index, if its page has room; and dead rows must go before they add up.
alter table jobs set (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
