-- Which request asked for the job, so that one id leads from the front's log to the worker's and rembg's.
alter table jobs add column request_id text not null default '';
