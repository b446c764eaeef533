"""A double of Stripe's API over HTTP, for `make run` without keys and for tests. No money moves."""
