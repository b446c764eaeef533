-- What a job was asked to do, in the terms of its type. It replaces `wanted`, which only a cut-out has.
alter table jobs add column input jsonb not null default '{}';
update jobs set input = jsonb_build_object('provider', wanted) where wanted is not null;

-- While the release before this one runs beside us, each reads the column it knows. Goes with `wanted`.
create function job_input() returns trigger language plpgsql as $$
begin
    if new.type = 'cutout' then
        new.wanted := coalesce(new.input ->> 'provider', new.wanted);
        new.input := new.input || jsonb_strip_nulls(jsonb_build_object('provider', new.wanted));
    end if;
    return new;
end
$$;
create trigger job_input before insert on jobs for each row execute function job_input();
