"""The background removal service: a picture in, its subject on a transparent background out."""
