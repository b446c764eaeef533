"""Postgres, the record of everything: the pool, the migrations, and all SQL in one file per noun."""
