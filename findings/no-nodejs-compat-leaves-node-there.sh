#!/usr/bin/env bash
# workerd 1.20261117.1 (compatibility_date 2026-11-01): `no_nodejs_compat` takes `process.env` away and leaves Node there.
#
# Expected: from 2026-08-04 on `nodejs_compat` is the default, so `no_nodejs_compat` gives what a Worker had before
#   that date: no `process`, no `Buffer`, and no module "node:crypto".
# Seen: `process` and `Buffer` are there and "node:crypto" can be imported; `process.env` is empty, and `setTimeout`
#   answers a number instead of an object. The same date makes a second flag the default, `nodejs_compat_v2`, which has most of it:
#   only with `no_nodejs_compat_v2` as well is it as it was. A date of 2026-07-01 needs neither.
# Who meets it: Workers that do without Node, for their start or so that no dependency finds it, and libraries that
#   look for `process` to tell where they run, and take the Worker for Node.
# What to do: set both flags, as `wrangler.toml` here does.

set -euo pipefail
folder=$(mktemp -d)
server=
trap '[[ -z $server ]] || kill "$server" 2>/dev/null; rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . workerd@1.20261117.1 >/dev/null
cat >worker.mjs <<'JS'
export default {
  async fetch() {
    const module = await import('node:crypto').then(() => 'node:crypto', () => 'no node:crypto');
    const env = globalThis.process ? Object.keys(process.env).length : 'no';
    return new Response(`${typeof process} ${typeof Buffer}, ${module}, ${env} variables, ${typeof setTimeout(() => {}, 1)}`);
  },
};
JS

# DATE FLAGS: what a Worker with one variable finds.
found() {
  local port answer=
  port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')
  cat >config.capnp <<CAPNP
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .main)],
  sockets = [(name = "http", address = "127.0.0.1:$port", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [(name = "worker.mjs", esModule = embed "worker.mjs")],
  compatibilityDate = "$1",
  compatibilityFlags = [$2],
  bindings = [(name = "SETTING", text = "1")],
);
CAPNP
  timeout 60 node_modules/.bin/workerd serve config.capnp >log 2>&1 &
  server=$!
  for _ in {1..100}; do
    answer=$(curl --silent --max-time 5 "http://127.0.0.1:$port/") && break
    sleep 0.1
  done
  kill "$server"
  wait "$server" 2>/dev/null || true
  server=
  echo "$1 [$2]: $answer"
}

{
  found 2026-07-01 ''
  found 2026-11-01 ''
  found 2026-11-01 '"no_nodejs_compat"'
  found 2026-11-01 '"no_nodejs_compat", "no_nodejs_compat_v2"'
} | tee seen

diff - seen <<'EXPECTED'
2026-07-01 []: undefined undefined, no node:crypto, no variables, number
2026-11-01 []: object function, node:crypto, 1 variables, object
2026-11-01 ["no_nodejs_compat"]: object function, node:crypto, 0 variables, number
2026-11-01 ["no_nodejs_compat", "no_nodejs_compat_v2"]: undefined undefined, no node:crypto, no variables, number
EXPECTED
