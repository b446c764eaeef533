"""The API of remove.bg v1.0, for clients that were written for it: docs/removebg.md."""
