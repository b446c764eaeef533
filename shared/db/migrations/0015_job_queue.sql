-- The creator of a job writes its queue; releases without queues make cut-outs only, of the queue jobs.
alter table jobs add column queue text not null default 'jobs';
