"""The whole system on one machine, without an installation: behind `make run`, `make demo` and the tests."""
