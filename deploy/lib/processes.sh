# shellcheck shell=bash
# Sourced by deploy/up and tests/servers: processes in the background, stopped by their ids.

declare -a process_ids=() process_names=() process_signals=() process_logs=() process_log_starts=()
log_bytes_max=$((64 * 1024 * 1024))

# A port of 127.0.0.1 that nothing listens on now, below those that the kernel gives to whoever asks for any.
free_port() {
  local port
  for _ in {1..200}; do
    port=$((20000 + RANDOM % 12000))
    (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null || { echo "$port"; return; }
  done
  echo "no free port found" >&2
  return 1
}

file_bytes() { stat -c %s "$1" 2> /dev/null || echo 0; }

# spawn NAME LOG_FILE SIGNAL COMMAND…: SIGNAL is what ends it in good order. It gets a session of its own, so that a
# Ctrl-C reaches only the script, which then stops all in turn. What it says is added to the log; a log that has grown
# large is moved to LOG_FILE.1 first.
spawn() {
  local name=$1 log=$2 signal=$3
  shift 3
  if (($(file_bytes "$log") > log_bytes_max)); then mv -f "$log" "$log.1"; fi
  process_logs+=("$log") process_log_starts+=("$(file_bytes "$log")")
  setsid "$@" < /dev/null >> "$log" 2>&1 &
  process_ids+=("$!") process_names+=("$name") process_signals+=("$signal")
}

# has_said PATTERN: whether the process that was spawned last has, since then.
has_said() { grep -q "$1" < <(tail -c +$((process_log_starts[-1] + 1)) "${process_logs[-1]}"); }

is_alive() { kill -0 "$1" 2> /dev/null; }

# wait_until SECONDS WHAT COMMAND…: tries the command until it succeeds; gives up early when the process that was
# spawned last has ended.
wait_until() {
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" > /dev/null 2>&1; do
    if ((SECONDS >= deadline)) || ! is_alive "${process_ids[-1]}"; then
      echo "gave up waiting: $what" >&2
      return 1
    fi
    sleep 0.1
  done
}

# watch_processes NAME WHAT_THEN: returns when a spawned process has ended, and says which; but for that of this name,
# without which the others go on: then it says that, and what follows from it.
watch_processes() {
  local i
  local -A ended=()
  while true; do
    for i in "${!process_ids[@]}"; do
      if [[ -n ${ended[$i]:-} ]] || is_alive "${process_ids[i]}"; then continue; fi
      ended[$i]=yes
      if [[ ${process_names[i]} != "$1" ]]; then
        echo "${process_names[i]} has ended, see ${process_logs[i]}; stopping the others" >&2
        return
      fi
      echo "$1 has ended, see ${process_logs[i]}. The rest goes on: $2" >&2
    done
    sleep 0.5 &
    wait $! || true
  done
}

# Ends the spawned processes, the last first; one that is not gone after 20 s is killed.
stop_processes() {
  local i id deadline
  for ((i = ${#process_ids[@]} - 1; i >= 0; --i)); do
    id=${process_ids[i]}
    kill -s "${process_signals[i]}" "$id" 2> /dev/null || continue
    deadline=$((SECONDS + 20))
    while is_alive "$id" && ((SECONDS < deadline)); do sleep 0.05; done
    kill -s KILL "$id" 2> /dev/null || true
    wait "$id" 2> /dev/null || true
  done
  process_ids=() process_names=() process_signals=() process_logs=() process_log_starts=()
}
