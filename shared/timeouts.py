"""Every deadline of the system in one table, in seconds, so that their order can be seen, and is tested.

Whoever waits must wait longer than whoever works: a shorter outer deadline leaves work running that nobody will hear
of.

    rembg:    inference 20 < the worker's read 25 < a provider call 30 (and one read) < a job of two calls 120
    leases:   a renewal every lease/4 < the lease 60; a dead worker's job runs again within lease + sweep
    api:      pool wait 2, Redis 1, statement 5, storage 2 x 4, a fetched picture 10 < a request 30 < the front proxy 35
              in line for a decoder 5 + one picture in it 15 + storage 8 < a request 30
    stopping: gunicorn's grace 30 < the platform's kill 45
"""

# rembg
INFERENCE_S = 20  # from the request to its answer
STUCK_S = 30  # no picture takes so long: a watchdog replaces the process

# worker
PROVIDER_CONNECT_S = 2
PROVIDER_READ_S = 25
PROVIDER_S = 30  # a provider call, however its bytes trickle; looked at after each read
JOB_S = 120  # a lease is renewed no longer than this: two providers, storage, and time to spare
PATIENCE_S = 10  # with Postgres or storage, once there is a result to keep; a restart takes four
LEASE_S = 60
RENEWALS_A_LEASE = 4
SWEEP_S = 1

# outside helpers, for every service
STORAGE_CONNECT_S = 3
STORAGE_READ_S = 3  # of silence, not of a whole transfer; boto waits one more for leave to send a body
STORAGE_TRANSFER_S = 8  # of a whole object, or as long as it takes at the rate below: an upload is refused within 10 s
STORAGE_BYTES_S = 2_500_000  # the largest upload in that time
STORAGE_TRIES = 2  # so that a silent storage is given up within 10 s, and a single lost connection is not
REDIS_S = 1
DATABASE_CONNECT_S = 3
POOL_WAIT_S = 2
STATEMENT_API_S = 5
STATEMENT_WORKER_S = 30
SILENCE_S = 2  # beyond the statement's own limit; then the server, or the way to it, is taken for dead
TRANSACTION_IDLE_S = 15  # between two statements lie milliseconds, unless the process is frozen or gone

# the api's decoder
DECODE_WAIT_S = 5
DECODE_S = 15  # of silence; the processor's time is limited in the decoder itself

# requests and processes
FETCH_S = 10  # of a picture by its address, redirects and all
REQUEST_S = 30
IDEMPOTENCY_LOCK_S = 60  # no request is at work for so long: whoever holds a key is dead, and the next one may try
PRESIGNED_S = 900  # to send 20 MB over a bad line
FRONT_S = 35
GRACE_S = 30
KILL_S = 45
