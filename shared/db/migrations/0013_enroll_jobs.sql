-- no-transaction
-- Enrols the unfinished jobs that were there before 0012, while workers of the release before go on. A transaction holds the
-- row of one owner only, so it can wait but not deadlock. Skips locked jobs, which the change that locks them enrols; if
-- that is undone, the next turn does.
do $$
declare
    job record;
    owner text;
    changed integer := 0;
begin
    while exists (select from jobs where status in ('queued', 'running') and claim_state is null) loop
        for job in
            select id, user_id from jobs where status in ('queued', 'running') and claim_state is null order by user_id
        loop
            if job.user_id <> owner or changed >= 500 then
                commit;
                changed := 0;
            end if;
            perform set_config('synchronous_commit', 'off', true); -- until the commit; that of migrate waits for all
            owner := job.user_id;
            update jobs set wakes_at = null where id = (
                select id from jobs
                where id = job.id and status in ('queued', 'running') and claim_state is null for update skip locked);
            changed := changed + 1;
        end loop;
        commit;
        perform pg_sleep(0.01);
    end loop;
end
$$;
