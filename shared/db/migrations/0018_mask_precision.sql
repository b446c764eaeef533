-- In which numbers the network made the mask of a cut-out. Not a field of the result, which 0.2.0 reads strictly.
alter table jobs add column precision text;
