#!/usr/bin/env bash
# wrangler 4.164.0: `d1 export` has no `--persist-to`, which `dev`, `d1 execute` and `d1 migrations apply` have.
#
# Expected: a local database that was made with `--persist-to FOLDER` is exported with the same option, for all its
#   other commands take it.
# Seen: `d1 execute --persist-to` reads the table there; `d1 export --persist-to` is refused ("Unknown arguments:
#   persist-to, persistTo"), and without it the export succeeds, with the SQL of another database: `.wrangler/state` is made anew, and is empty.
# Who meets it: backups of a Worker that is run locally or in tests with a folder of its own, as several of one machine
#   are: who leaves the option away has a file and a success, and no data in it.
# What to do: export with `--cwd` where the folder is `.wrangler/state`, or read the tables through `d1 execute --json`.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . wrangler@4.164.0 node@22.23.3 >/dev/null
export WRANGLER_SEND_METRICS=false CLOUDFLARE_CF_FETCH_ENABLED=false PATH=$folder/node_modules/.bin:$PATH
cat >wrangler.toml <<'TOML'
name = "example"
compatibility_date = "2025-01-01"
[[d1_databases]]
binding = "DB"
database_name = "db"
database_id = "db"
TOML

wrangler d1 execute db --local --persist-to here --command "CREATE TABLE t (x); INSERT INTO t VALUES (7)" >log 2>&1 || { cat log; exit 1; }
{
  wrangler d1 execute db --local --persist-to here --json --command "SELECT x FROM t" 2>log | grep -o '"x": 7' | head -1
  wrangler d1 export db --local --persist-to here --output out.sql 2>&1 | grep -o "Unknown arguments: persist-to" | head -1 || true
  wrangler d1 export db --local --output out.sql >log 2>&1 && echo exported
  echo "without it: $(grep -c "CREATE TABLE" out.sql || true) tables"
} | tee seen

diff - seen <<'EXPECTED'
"x": 7
Unknown arguments: persist-to
exported
without it: 0 tables
EXPECTED
