"""Batches: many pictures sent at once, or in parts, and cut out with the same options."""
