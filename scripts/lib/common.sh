# Sourced by the scripts one folder up: where things are, and how they speak.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# Tools that cargo builds take minutes: they live outside the checkout, for every clone to share.
tools=${FLUXER_OAUTH2_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/fluxer-oauth2/tools}

say() { printf '%s: %s\n' "${0##*/}" "$*"; }
die() { say "$*" >&2; exit 1; }

# With --help among the arguments: prints the comment at the top of the script, and ends it.
help() {
  local argument
  for argument in "$@"; do
    [[ $argument == -h || $argument == --help ]] || continue
    sed -n '2,/^[^#]*$/s/^# \{0,1\}//p' "$0"
    exit
  done
}

# Holds the lock until the script ends. (A Mac has no flock: there, don't run two at once.)
lock() {
  mkdir -p "$(dirname "$1")"
  exec 9>"$1"
  ! command -v flock >/dev/null || flock --wait 3600 9 || die "another run holds $1"
}

# wrangler wants a newer Node than Debian's: npm's package `node` has one.
use_tools() {
  export PATH="$root/node_modules/.bin:$tools/bin:$PATH"
  # Nobody is there to answer questions, and nothing here needs the network.
  export WRANGLER_SEND_METRICS=false WRANGLER_SEND_ERROR_REPORTS=false WRANGLER_HIDE_BANNER=true
  export CLOUDFLARE_CF_FETCH_ENABLED=false
  # A test is a process, and so is each of wrangler's commands: compiling what they import takes a third of their start.
  export NODE_COMPILE_CACHE=$root/node_modules/.cache/compiled
}

# worker-build downloads what it is not pointed at.
worker_build() {
  local program
  for program in worker-build wasm-bindgen wasm-opt esbuild; do
    command -v $program >/dev/null || die "$program is missing: run scripts/setup"
  done
  # For development what pages load stays as it was written, and scripts/setup can compile ahead of this.
  [[ " $* " != *" --release "* ]] || { MINIFIER=$(command -v esbuild); export MINIFIER; }
  WASM_BINDGEN_BIN=$(command -v wasm-bindgen) \
  WASM_OPT_BIN=$(command -v wasm-opt) \
  ESBUILD_BIN=${ESBUILD_BIN:-$root/scripts/lib/esbuild} \
    worker-build "$@"
}

# Makes the wasm of a release smaller as it is sent: compressed. Functions of one name, which are a
# generic one's copies, stand side by side, and what has one caller stays apart: inlined it would be like
# nothing else, for a tenth of the whole. The other options are given to wasm-opt as they are.
shrink() {
  local wasm=$1 feature features=()
  shift
  # What rustc emits for its target, and wasm-bindgen for exceptions; nothing newer than workerd knows.
  for feature in mutable-globals sign-ext nontrapping-float-to-int bulk-memory multivalue reference-types exception-handling; do
    features+=(--enable-$feature)
  done
  wasm-opt "${features[@]}" -O2 --gufa-optimizing --code-folding -O2 --one-caller-inline-max-function-size=1 --reorder-functions-by-name \
    --strip-producers --strip-target-features \
    "$@" "$wasm" -o "$wasm.small"
  mv "$wasm.small" "$wasm"
}

# The one without a window first: each page takes half as much of the processor.
chromium() {
  local name
  for name in "${CHROMIUM:-}" chromium-headless-shell chromium chromium-browser google-chrome; do
    type -P "$name" && return # not `command -v`, which would find this function
  done
  return 1
}
