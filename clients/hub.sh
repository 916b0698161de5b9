# shellcheck shell=bash disable=SC2154
# Starting and stopping the hubs of clients/run. Bash alone: a bare machine has no curl.

# healthy PORT: whether GET /healthz answers 200.
healthy() {
  local status=
  {
    printf 'GET /healthz HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n' >&3
    read -r -t 2 status <&3
  } 2>/dev/null 3<>"/dev/tcp/127.0.0.1/$1"
  [[ $status == *" 200 "* ]]
}

# start_hub NAME: a hub in dev mode with an empty data directory. Exports the endpoint. A port
# that is taken ends the hub at once, and another is tried.
start_hub() {
  local name=$1 port pid
  for _ in 1 2 3 4 5; do
    port=$((20000 + RANDOM % 20000))
    "$work/findinghub" serve --listen "127.0.0.1:$port" --data-dir "$work/$name.data" --dev >"$work/$name.hub" 2>&1 &
    pid=$!
    echo "$pid" >"$work/$name.pid"
    if await_hub "$port" "$pid"; then
      export AWS_ENDPOINT_URL_SECURITYHUB="http://127.0.0.1:$port"
      return 0
    fi
    kill "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
  done
  return 1
}

# await_hub PORT PID: up to 30 s until the hub is ready; fails as soon as it has ended.
await_hub() {
  local deadline=$((SECONDS + 30))
  while ((SECONDS < deadline)); do
    kill -0 "$2" 2>/dev/null || return 1
    healthy "$1" && kill -0 "$2" 2>/dev/null && return 0
    sleep 0.1
  done
  return 1
}

# stop_hub NAME: SIGTERM, which must end it in order. A hub that did not live through its
# tests, or wrote of a panic, is a failure of its own.
stop_hub() {
  local pid status=0
  pid=$(cat "$work/$1.pid")
  rm -f "$work/$1.pid"
  if ! kill -TERM "$pid" 2>/dev/null; then
    echo "FAIL $1: the hub had ended: $(tail -n 1 "$work/$1.hub")"
    return
  fi
  wait "$pid" || status=$?
  if ((status != 0)); then
    echo "FAIL $1: the hub ended with status $status: $(tail -n 1 "$work/$1.hub")"
  elif grep -q 'panic' "$work/$1.hub"; then
    echo "FAIL $1: the hub wrote of a panic: $(grep -m 1 panic "$work/$1.hub")"
  else
    echo "ok $1: the hub lived and stopped"
  fi
}
