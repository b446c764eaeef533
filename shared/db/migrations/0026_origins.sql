-- All pictures that a gang sheet was made of, if there are several: it is deleted with any of them. And how many files a
-- job left: with one of them gone, it is run again for the next equal request.
alter table assets add column origins uuid[];
alter table jobs add column files smallint;
create index assets_origins on assets using gin (origins) where origins is not null;
