# Sourced by scripts that have minutes of work to do: runs jobs at the same time, and tells how they get on.

job_pids=() job_names=() job_logs=() job_starts=()

# Starts a job. What it says is kept, and shown where it fails: job "compiling the tools" "3 min" COMMAND...
job() {
  local log index=${#job_names[@]} # not of the pids: those of the jobs that are over are gone
  log=$(mktemp)
  say "$1 (usually $2)"
  set -m # a process group of its own, which can be ended with everything in it
  "${@:3}" >"$log" 2>&1 </dev/null &
  set +m
  job_pids[index]=$! job_names[index]=$1 job_logs[index]=$log job_starts[index]=$SECONDS
}

# Waits for all jobs. Where one fails, ends the others and the script.
jobs_done() {
  local index told=$SECONDS left=${#job_pids[@]}
  while ((left)); do
    sleep 0.2
    left=0
    for index in "${!job_pids[@]}"; do
      if kill -0 "${job_pids[index]}" 2>/dev/null; then left=$((left + 1)); else job_over "$index"; fi
    done
    ((SECONDS - told < 15)) || { told=$SECONDS; jobs_told; }
  done
}

job_over() {
  local pid=${job_pids[$1]} name=${job_names[$1]} log=${job_logs[$1]} took=$((SECONDS - job_starts[$1]))
  unset "job_pids[$1]"
  wait "$pid" || { cat "$log" >&2; rm "$log"; die "$name failed after $took s"; }
  rm "$log"
  say "$name: done in $took s"
}

jobs_told() {
  local index last
  for index in "${!job_pids[@]}"; do
    last=$(tail -n 1 "${job_logs[index]}" | cut -c1-80)
    say "$((SECONDS - job_starts[index])) s of ${job_names[index]}${last:+: ${last#"${last%%[! ]*}"}}"
  done
}

jobs_end() {
  local index
  for index in "${!job_pids[@]}"; do kill -- "-${job_pids[index]}" 2>/dev/null || true; done
}
trap jobs_end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
