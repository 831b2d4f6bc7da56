-- Up Migration

-- Facets look hundreds of numbers up: in the index alone.
alter table facet_token drop constraint facet_token_pkey, add primary key (id) include (number);
