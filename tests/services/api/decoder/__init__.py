"""Tests of services/api/decoder."""
