-- Pixels per pixel of detail, a side, of pictures that were enlarged without new detail; null where that is 1.
alter table assets add column enlarged real;
