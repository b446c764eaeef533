-- How long the services that a job needs have refused it in a row: the sum of its delays. It gives up after a day of them.
alter table jobs add column postponed_s double precision not null default 0;
-- Its worker died while it ran, so it runs alone in its process: if it dies once more, the job itself is to blame.
alter table jobs add column isolated boolean not null default false;
-- Whether the process that runs the job, or ran it last, runs no other: then its death counts.
alter table jobs add column alone boolean not null default false;
-- The release before this one ignores all three while it runs beside us: its jobs give up by their age, and it counts every death.
