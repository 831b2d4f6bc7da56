-- Up Migration

-- Every visible change locks the product row, takes nextval('catalog_rev') after that, rewrites read.* and inserts its outbox row
-- in the same transaction. rev = timeline * 2^40 + nextval (docs/consistency.md, point 1).

create extension if not exists btree_gist;
create extension if not exists pg_trgm;
create schema read;

create table channel (
  id smallint generated always as identity primary key,
  code text not null unique check (code ~ '^[a-z0-9-]{2,32}$'),
  name text not null,
  currency char(3) not null,
  default_locale text not null,
  active boolean not null default true,
  version bigint not null default 1
);
insert into channel (code, name, currency, default_locale) values ('default', 'Default', 'USD', 'en');

-- Locales that any product has text in: what a representation's chain may hold.
create table locale (
  code text primary key check (code ~ '^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}$')
);
insert into locale (code) values ('en');

create table brand (
  id int generated always as identity primary key,
  slug text not null unique,
  name text not null unique,
  version bigint not null default 1
);

create table attribute (
  code text primary key check (length(code) between 1 and 128),
  id int generated always as identity (start 100) unique, -- of its facet tokens; the ids below are for what every product may have (shared/facet-token.ts)
  kind text not null check (kind in ('text', 'number', 'boolean')), -- of its values, or of a list's; other kinds stay in the document
  labels jsonb not null default '{}',
  unit text,
  facetable boolean not null default true,
  searchable boolean not null default true,
  version bigint not null default 1
);

create table category (
  id int generated always as identity primary key,
  parent_id int references category on delete restrict,
  ancestors int[] not null default '{}', -- root first, parent last
  slug text not null unique,
  name text not null, -- as first written: with the parent, what an import path names it by
  i18n jsonb not null, -- {"en":"Jackets","de":"Jacken"}
  position int not null default 0,
  version bigint not null default 1,
  check (cardinality(ancestors) < 8),
  unique nulls not distinct (parent_id, name)
);
create index category_ancestors on category using gin (ancestors);

create sequence catalog_rev cache 1;

create table product (
  id uuid primary key, -- UUIDv7 made by catalog-admin
  key text not null unique check (length(key) between 1 and 128),
  brand_id int references brand,
  status text not null default 'draft' check (status in ('draft', 'active', 'archived')),
  -- json, not jsonb: they are read whole, in the order they were written in, and cost half as much to write
  i18n json not null, -- {"en":{"title":"…","description":"…","slug":"…"}}
  attributes json not null default '{}',
  tags text[] not null default '{}',
  popularity double precision not null default 0,
  media json not null default '[]', -- [{"url":"https://…","alt":{"en":"front"}}]
  publish_at timestamptz, -- null: as soon as the status is active
  due_at timestamptz, -- publish_at while it lies ahead of an active product; null once there is nothing to wait for
  version bigint not null default 1,
  content_hash bytea not null, -- of the canonical input without slugs, prices and stock: an equal write is a no-op
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz
) with (toast_tuple_target = 8160);
create index product_updated on product (updated_at, id);
create index product_due on product (due_at) where due_at is not null;
create index product_bin on product (deleted_at) where deleted_at is not null;

create table product_slug ( -- current slugs and old ones: an old one answers 308
  locale text not null,
  slug text not null,
  product_id uuid not null references product on delete cascade,
  current boolean not null default true,
  primary key (locale, slug)
);
create index product_slug_product on product_slug (product_id);

create table product_version ( -- what a version was before the next one replaced it: history, revert, the pointers of a 412
  product_id uuid not null references product on delete cascade,
  version bigint not null,
  input json not null, -- its input document without prices and stock, as text: an order of names that stays can be compared
  actor text not null, -- who replaced it, and when
  at timestamptz not null default now(),
  primary key (product_id, version)
);

create table variant (
  id uuid primary key,
  product_id uuid not null references product on delete cascade,
  sku text not null unique,
  position smallint not null default 0,
  options json not null default '{}',
  attributes json not null default '{}',
  gtin text
);
create index variant_product on variant (product_id);
create index variant_gtin on variant (gtin) where gtin is not null;

create table price ( -- the standing price: one per variant and channel
  variant_id uuid not null references variant on delete cascade,
  channel_id smallint not null references channel,
  amount_minor bigint not null check (amount_minor >= 0),
  compare_at_minor bigint check (compare_at_minor > amount_minor),
  primary key (variant_id, channel_id)
);

create table stock ( -- no row: untracked, in stock
  variant_id uuid primary key references variant on delete cascade,
  quantity int not null,
  updated_at timestamptz not null default now()
) with (fillfactor = 80);

create table product_category (
  product_id uuid not null references product on delete cascade,
  category_id int not null references category,
  position int not null default 0, -- order within the product's own list of categories
  primary key (product_id, category_id)
);
create index product_category_category on product_category (category_id, product_id);

-- The read model, written in the same transaction as the change.

create table read.product (
  product_id uuid primary key,
  rev bigint not null,
  state text not null check (state in ('visible', 'hidden', 'deleted')),
  doc text, -- JSON text of a ProductDocument (shared/product-document.ts), null unless visible; text, not jsonb: it is sent as it is
  changed_at timestamptz not null
) with (fillfactor = 85, toast_tuple_target = 8160); -- in the row as far as it fits: a read then fetches nothing else
-- lz4 decompresses several times faster than pglz; a server that was built without it serves as well.
do $$ begin
  alter table read.product alter column doc set compression lz4;
  alter table product alter column i18n set compression lz4, alter column attributes set compression lz4;
exception when feature_not_supported then null;
end $$;

create table read.clock ( -- the catalog clock: the asOf of every read of a replica
  one boolean primary key default true check (one),
  timeline int not null,
  at timestamptz not null
) with (fillfactor = 10);
insert into read.clock (timeline, at)
values (('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int, clock_timestamp());

create sequence facet_value;
create table facet_token ( -- the values of tags and attributes, as the integers that listing rows carry (shared/facet-token.ts)
  id bigint primary key, -- attribute_id * 2^32 + a number of facet_value
  attribute_id int not null,
  value text not null,
  number double precision, -- where the value is the usual form of one: ranges
  unique (attribute_id, value)
);
create index facet_token_number on facet_token (attribute_id, number) where number is not null;

create table category_order ( -- what a person has put first in a category, in their order
  category_id int not null references category on delete cascade,
  product_id uuid not null references product on delete cascade,
  position int not null,
  primary key (category_id, product_id)
);
create index category_order_product on category_order (product_id);

create table read.listing ( -- one narrow row per channel x (category, each ancestor, 0 = all) x product with a price there
  channel_id smallint not null,
  category_id int not null,
  product_id uuid not null,
  price_minor bigint not null,
  popularity real not null,
  created_at timestamptz not null,
  in_stock boolean not null,
  manual_position int, -- in the category's own order; null: after all that have one
  title_key text collate "C" not null, -- of the channel's default locale
  facets bigint[] not null, -- brand, categories, tags, attributes, in stock, on sale
  primary key (product_id, channel_id, category_id) -- the product first: a write replaces all rows of one
);
create index listing_price on read.listing (channel_id, category_id, price_minor, product_id);
create index listing_newest on read.listing (channel_id, category_id, created_at, product_id);
create index listing_popular on read.listing (channel_id, category_id, popularity, product_id);
create index listing_title on read.listing (channel_id, category_id, title_key, product_id);
create index listing_manual on read.listing (channel_id, category_id, manual_position, product_id) where manual_position is not null;
-- Each product once: categories are tokens too. The pending list is read by every search, so it is kept short.
create index listing_facets on read.listing using gin (facets) with (gin_pending_list_limit = 256) where category_id = 0;

create table read.search ( -- what search finds a product by: one row per product x locale that it has text in
  product_id uuid not null,
  locale text not null,
  words tsvector not null, -- A title, B brand, category and codes, C attributes, D description; '=CODE' for each whole code, '#NAME' for each category, '~WORD' for each word of title and names (A, B) again in a sixteenth of the products
  title_words smallint not null,
  primary key (product_id, locale)
) with (toast_tuple_target = 8160);
-- Without statistics every search is planned alike: by the index. (With them a common word and a limit look cheap to scan the table for.)
alter table read.search alter column words set statistics 0;
-- Every search reads the pending list: it is kept short.
create index search_words on read.search using gin (words) with (gin_pending_list_limit = 512);

create table read.term ( -- the words of titles, brands and categories as people write them: what a misspelt word may have meant
  locale text not null,
  word text collate "C" not null, -- ordered by its bytes, so that what begins alike stands together
  products int not null, -- that have it, about
  primary key (locale, word)
);
create index term_trigrams on read.term using gin (word gin_trgm_ops);
-- pg_trgm says that comparing two words costs no more than comparing two numbers; believed, the whole vocabulary would be read for each of them.
do $$ begin
  alter function similarity_op(text, text) cost 50;
exception when insufficient_privilege then null;
end $$;
create table vocabulary_position ( -- how far the outbox has been read for it, in the order of outbox_feed
  one boolean primary key default true check (one),
  xid xid8 not null,
  id bigint not null
);
insert into vocabulary_position (xid, id) values ('0', 0);

-- What a brand or a category is suggested by. A slug is the name without case and accents; a category has names in other languages too.
create index brand_words on brand using gin (to_tsvector('simple', replace(slug, '-', ' ')));
create index category_words on category using gin ((to_tsvector('simple', replace(slug, '-', ' ')) || jsonb_to_tsvector('simple', i18n, '["string"]')));

create table outbox ( -- one row per commit and product; the relay joins the document from read.product
  id bigint generated always as identity primary key,
  xid xid8 not null default pg_current_xact_id(),
  product_id uuid not null,
  rev bigint not null,
  type text not null check (type in ('created', 'updated', 'deleted')),
  created_at timestamptz not null default clock_timestamp(),
  published_at timestamptz
);
create index outbox_pending on outbox (id) where published_at is null;
create index outbox_feed on outbox (xid, id);
create table outbox_start ( -- the last row that was deleted, in the order of outbox_feed: a feed that asks for what came before it has lost some
  one boolean primary key default true check (one),
  xid xid8 not null,
  id bigint not null
);
insert into outbox_start (xid, id) values ('0', 0);

-- Stands in for Kafka on one machine (shared/log-table.ts): the published events, ordered within a partition.
create table event_log (
  partition smallint not null,
  "offset" bigint not null,
  product_id uuid not null,
  rev bigint not null,
  stamp text not null,
  state text not null,
  doc text,
  omitted boolean not null,
  changed_at_ms bigint not null,
  at timestamptz not null default clock_timestamp(),
  primary key (partition, "offset")
);
create table event_log_end ( -- raised in the transaction that inserts, so that offsets have no holes but those of heartbeats
  partition smallint primary key,
  earliest bigint not null default 0,
  next bigint not null default 0,
  heartbeat text, -- the greatest T; a heartbeat takes an offset but no row
  timeline int not null default 0 -- the newest that any record had
) with (fillfactor = 20);
insert into event_log_end (partition) select generate_series(0, 15);

create table audit_log (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  actor text not null,
  request_id text,
  action text not null,
  resource text not null,
  resource_id text not null,
  version bigint,
  diff jsonb
);
create index audit_resource on audit_log (resource, resource_id, at desc);
create index audit_age on audit_log (at);

create table idempotency_key ( -- written by the transaction of the write itself: catalog-admin/http/idempotency.ts
  principal text not null,
  key text not null,
  request_hash bytea not null,
  answer text not null, -- JSON text
  created_at timestamptz not null default now(),
  primary key (principal, key)
);
create index idempotency_age on idempotency_key (created_at);

create table import_job (
  id uuid primary key,
  state text not null check (state in ('uploading', 'validating', 'ready', 'running', 'succeeded', 'partial', 'failed', 'cancelled')),
  format text not null check (format in ('ndjson')),
  mode text not null check (mode in ('upsert', 'create', 'update')),
  dry_run boolean not null default false,
  created_by text not null,
  lines_total int,
  lines_done int not null default 0,
  lines_before int not null default 0, -- of lines_done, those of an earlier run
  created int not null default 0,
  updated int not null default 0,
  unchanged int not null default 0,
  failed int not null default 0,
  next_line int not null default 1,
  throttle_reason text,
  owner text, -- the process that runs it; another takes over when the heartbeat is old
  heartbeat_at timestamptz,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  problem jsonb
);
create index import_job_open on import_job (created_at) where state in ('uploading', 'validating', 'running');
create table import_chunk ( -- the uploaded lines, so that a killed server resumes; once applied only those that failed stay
  job_id uuid not null references import_job on delete cascade,
  n int not null,
  first_line int not null,
  line_count int not null,
  lines bytea not null, -- gzip
  primary key (job_id, n)
);
create table import_error (
  job_id uuid not null references import_job on delete cascade,
  line int not null,
  key text,
  problem jsonb not null,
  primary key (job_id, line)
);

create table api_client (
  id uuid primary key,
  name text not null,
  secret_hash bytea not null unique, -- SHA-256 of the key: it is 256 random bits, so a slow hash would buy nothing
  scopes text[] not null,
  created_at timestamptz not null default now(),
  last_used_at timestamptz,
  revoked_at timestamptz
);
