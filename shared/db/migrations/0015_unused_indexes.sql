-- In a file of their own: a stronger lock after a weaker one in one transaction can deadlock with a worker.
drop index jobs_ready;
drop index jobs_queued;
