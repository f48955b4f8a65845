# shellcheck shell=bash
# Sourced by deploy/up and tests/servers: real Kafka, Redis and PostgreSQL on 127.0.0.1, each in a folder of its own.
# Needs processes.sh, and packages.sh for PATH. Each start_… returns when the server serves.

servers_here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# start_kafka FOLDER PORT CONTROLLER_PORT
start_kafka() {
  "$servers_here/../kafka/run-broker" --fetch
  spawn kafka "$1.log" TERM "$servers_here/../kafka/run-broker" "$1" "$2" "$3"
  wait_until 90 "Kafka, see $1.log" has_said 'Kafka Server started'
}

# redis_command FOLDER PORT: sets the array redis_command.
redis_command() {
  redis_command=(redis-server --bind 127.0.0.1 --port "$2" --dir "$1" --save '' --appendonly no)
}

# start_redis FOLDER PORT
start_redis() {
  mkdir -p "$1"
  redis_command "$@"
  spawn redis "$1.log" TERM "${redis_command[@]}"
  wait_until 10 "Redis, see $1.log" redis-cli -p "$2" ping
}

# PostgreSQL refuses to run as root.
postgres_user=()
if [[ $EUID -eq 0 ]]; then postgres_user=(setpriv --reuid postgres --regid postgres --init-groups); fi

# init_postgres FOLDER PASSWORD: makes the folder's database cluster.
init_postgres() {
  local folder=$1 password=$2 authentication=(--auth=trust)
  if [[ -n $password ]]; then
    authentication=(--auth=scram-sha-256 --pwfile="$folder/password")
    (umask 077 && echo "$password" > "$folder/password")
  fi
  if [[ $EUID -eq 0 ]]; then chown -R postgres: "$folder"; fi
  "${postgres_user[@]}" initdb -D "$folder/data" -U postgres -E UTF8 --locale=C "${authentication[@]}"
}

# start_postgres FOLDER PORT [PASSWORD]: the superuser is "postgres"; without a password everyone on this machine is let
# in. Root's FOLDER must lie where the user postgres gets to.
start_postgres() {
  local folder=$1 port=$2
  mkdir -p "$folder"
  if [[ ! -e $folder/data/PG_VERSION ]]; then
    init_postgres "$folder" "${3:-}" > "$folder.log" 2>&1 || { cat "$folder.log" >&2; return 1; }
  fi
  spawn postgres "$folder.log" INT "${postgres_user[@]}" postgres -D "$folder/data" -p "$port" \
    -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200
  wait_until 30 "PostgreSQL, see $folder.log" pg_isready -q -h 127.0.0.1 -p "$port"
}
