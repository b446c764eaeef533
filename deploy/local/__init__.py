"""The whole system on one machine, with nothing installed: what `make run`, `make demo` and the tests stand on."""
