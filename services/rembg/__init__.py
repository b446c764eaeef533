"""The service the product exists for: a picture in, its subject on a transparent ground out."""
