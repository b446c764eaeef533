-- Whether the process that runs the job, or ran it last, runs no other: then its death counts.
alter table jobs add column alone boolean not null default false;
