"""All timeouts of the system in one table, in seconds. A test checks their order.

A caller must wait longer than what it calls: with a shorter outer timeout, work goes on whose result is lost.

    rembg:    inference 20 < the worker's read 25 < a provider call 30 (and one read) < a job of two calls 120
    leases:   a renewal every lease/4 < the lease 60; a dead worker's job runs again within lease + sweep
    api:      pool wait 2, Redis 1, statement 5, storage 2 x 4, a fetched picture 10 < a request 30 < the front proxy 35
              a lock 2 < a statement 5
              waiting for a decoder 5 + decoding 15 + storage 8 < a request 30
              a mock-up: waiting 4 + storage 8 + drawing < its read 14 < a request 30
              a payment: waiting 4 + Stripe 2 x (2 + 6) and a second between + two transactions < a request 30
    clients:  a thread waits 10 for a client to send or to read, and again as bytes pass at 50 kB/s
    mails:    connecting 10 and a reply 60 < one conversation 120 < the lease of a mail 180
    webhooks: an attempt 15 < the lease of a message 60, and so is the wait of a worker that ends
    stopping: gunicorn's grace 30 < the platform's kill 45
"""

# rembg
INFERENCE_S = 20  # from request to response
STUCK_S = 30  # no picture takes that long: a watchdog replaces the process

# worker
PROVIDER_CONNECT_S = 2
PROVIDER_READ_S = 25
PROVIDER_S = 30  # a whole provider call, however slowly bytes arrive; checked after each read
JOB_S = 120  # a lease is not renewed after this: two providers, storage, and time to spare
PRINT_JOB_S = 900  # nor is that of a print job: files of a gigabyte to a slow storage, on a busy machine
RETRY_S = 10  # for Postgres and storage, once there is a result to keep; a restart takes four
LEASE_S = 60
RENEWALS_A_LEASE = 4
SWEEP_S = 1
PURGE_S = 15  # between two calls of the CDN's purge hook: Cloudflare's free plan takes five a minute
PURGE_AWAY_S = 60  # more after a call that failed

# Postgres, Redis and storage, for every service
STORAGE_CONNECT_S = 3
STORAGE_READ_S = 3  # of silence, not of a whole transfer; boto waits one second more for permission to send a body
STORAGE_TRANSFER_S = 8  # of a whole object, more for those that need it at the rate below: an upload fails within 10 s
STORAGE_JOIN_S = 30  # of silence, while a bucket joins the parts of a large file
STORAGE_BYTES_S = 2_500_000  # the largest upload in that time
STORAGE_TRIES = 2  # so that a silent storage fails within 10 s, and one lost connection does not
REDIS_S = 1
CACHE_WAIT_S = 10  # for a value that another request computes: for a connection, for Redis, and for its statements
DATABASE_CONNECT_S = 3
POOL_WAIT_S = 2
STATEMENT_API_S = 5
STATEMENT_WORKER_S = 30
LOCK_S = 2  # for a row, table or advisory lock that another transaction holds
SILENCE_S = 2  # beyond the statement's own limit; then the server, or the network, is considered dead
TRANSACTION_IDLE_S = 15  # between two statements there are milliseconds, unless the process is frozen or dead

# the api's decoder
DECODE_WAIT_S = 5
DECODE_S = 15  # of silence; the decoder itself limits its CPU time

# mock-ups
MOCKUP_WAIT_S = 4  # for a place among those being drawn
MOCKUP_READ_S = 14  # that wait, a slow storage, and the drawing

# Stripe
STRIPE_WAIT_S = 4  # for a place among the calls in flight
STRIPE_CONNECT_S = 2
STRIPE_READ_S = 6
STRIPE_TRIES = 2
RECONCILER_JOIN_S = 10  # a process that ends waits so long for the reconciler's call

# batches
INGESTION_JOIN_S = 10  # a process that ends waits so long for the pictures that it takes in

# mails
MAIL_CONNECT_S = 10
MAIL_READ_S = 60  # servers scan a mail before they accept it; giving up earlier sends it twice
MAIL_S = 120  # from connected to accepted, however slowly bytes arrive
MAIL_LEASE_S = 180
MAIL_JOIN_S = 10  # a process that ends waits so long for the mail it is sending

# webhooks
WEBHOOK_S = 15  # of one attempt, from the name's look-up to the response's body
WEBHOOK_LEASE_S = 60

# requests and processes
FETCH_S = 10  # of a picture by its URL, with redirects
BODY_S = 10  # a thread's wait for a client to send a request or to read a response, beyond the rate below
BODY_BYTES_S = 50_000  # a slow phone's line; so 20 MB may take seven minutes
REQUEST_S = 30  # once it has come whole
IDEMPOTENCY_LOCK_S = 60  # no request takes that long: its process has died, and the next request may try
PRESIGNED_S = 900  # to send 20 MB over a bad connection
FRONT_S = 35
GRACE_S = 30
KILL_S = 45
