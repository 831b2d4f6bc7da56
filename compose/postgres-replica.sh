#!/bin/sh
# Clones the primary into an empty data folder, then follows it. A clone that was cut off is made anew.
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ] || [ ! -f "$PGDATA/cloned" ]; then
  rm -rf "$PGDATA"
  install -d -o postgres -g postgres -m 700 "$PGDATA"
  until PGPASSWORD="$REPLICATION_PASSWORD" gosu postgres pg_basebackup \
    --dbname="host=postgres user=replicator application_name=$(hostname)" \
    --pgdata="$PGDATA" --wal-method=stream --checkpoint=fast --write-recovery-conf; do
    echo 'the primary cannot be cloned yet; trying again' >&2
    sleep 1
  done
  gosu postgres touch "$PGDATA/cloned"
fi
exec docker-entrypoint.sh postgres "$@"
