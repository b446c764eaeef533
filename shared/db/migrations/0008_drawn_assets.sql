-- Whether a source came as a drawing (SVG), whose transparency is meant.
alter table assets add column drawn boolean not null default false;
