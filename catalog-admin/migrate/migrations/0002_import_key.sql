-- Up Migration

-- Whose upload of this key is under way: there is one at a time. What it came to is in idempotency_key.
alter table import_job add column idempotency_key text;
create unique index import_job_uploading_key on import_job (created_by, idempotency_key) where state = 'uploading';
