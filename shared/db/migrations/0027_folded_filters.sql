-- Filters of the catalogue compare colours and sizes in small letters.
drop index variants_colour;
drop index variants_size;
create index variants_colour on variants (lower(colour), lower(size));
create index variants_size on variants (lower(size));
