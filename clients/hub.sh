# shellcheck shell=bash disable=SC2154
# Starting and stopping the hubs of clients/run. Bash alone: a bare machine has no curl. Only the
# hub that serves HTTPS needs openssl, which makes its certificate, too.

# healthy PORT MODE: whether GET /healthz answers 200.
healthy() {
  local status= request='GET /healthz HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n'
  if [[ $2 == tls ]]; then
    # shellcheck disable=SC2059
    status=$(printf "$request" | timeout 5 openssl s_client -quiet -verify_return_error -CAfile "$work/ca.pem" -connect "127.0.0.1:$1" 2>/dev/null)
    status=${status%%$'\n'*}
  else
    {
      # shellcheck disable=SC2059
      printf "$request" >&3
      read -r -t 2 status <&3
    } 2>/dev/null 3<>"/dev/tcp/127.0.0.1/$1"
  fi
  [[ $status == *" 200 "* ]]
}

# hub_flags MODE: what makes a hub one of dev, signed or tls.
hub_flags() {
  case $1 in
    dev) echo --dev ;;
    signed) echo "--identity $work/identity.yaml" ;;
    tls) echo "--identity $work/identity.yaml --tls-cert $work/hub.pem --tls-key $work/hub.key" ;;
  esac
}

# start_hub NAME MODE: a hub with an empty data directory. Exports the endpoints. A port that is
# taken ends the hub at once, and another is tried.
start_hub() {
  local name=$1 mode=$2 port pid scheme=http
  [[ $mode == tls ]] && scheme=https
  for _ in 1 2 3 4 5; do
    port=$((20000 + RANDOM % 20000))
    # shellcheck disable=SC2046
    "$work/findinghub" serve --listen "127.0.0.1:$port" --data-dir "$work/$name.data" $(hub_flags "$mode") >"$work/$name.hub" 2>&1 &
    pid=$!
    echo "$pid" >"$work/$name.pid"
    if await_hub "$port" "$pid" "$mode"; then
      export AWS_ENDPOINT_URL_SECURITYHUB="$scheme://127.0.0.1:$port" AWS_ENDPOINT_URL_STS="$scheme://127.0.0.1:$port"
      return 0
    fi
    kill "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
  done
  return 1
}

# await_hub PORT PID MODE: up to 60 s until the hub is ready; fails as soon as it has ended.
await_hub() {
  local deadline=$((SECONDS + 60))
  while ((SECONDS < deadline)); do
    kill -0 "$2" 2>/dev/null || return 1
    healthy "$1" "$3" && kill -0 "$2" 2>/dev/null && return 0
    sleep 0.1
  done
  return 1
}

# stop_hub NAME LABEL: SIGTERM, which must end it in order. A hub that did not live through its
# tests, wrote of a panic, or wrote a secret anywhere, is a failure of its own.
stop_hub() {
  local pid status=0 leak
  pid=$(cat "$work/$1.pid")
  rm -f "$work/$1.pid"
  if ! kill -TERM "$pid" 2>/dev/null; then
    echo "FAIL $2: the hub had ended: $(tail -n 1 "$work/$1.hub")"
    return
  fi
  wait "$pid" || status=$?
  leak=$(grep -rlF secret-of- "$work/$1.hub" "$work/$1.data")
  if ((status != 0)); then
    echo "FAIL $2: the hub ended with status $status: $(tail -n 1 "$work/$1.hub")"
  elif grep -q 'panic' "$work/$1.hub"; then
    echo "FAIL $2: the hub wrote of a panic: $(grep -m 1 panic "$work/$1.hub")"
  elif [[ -n $leak ]]; then
    echo "FAIL $2: a secret is in ${leak//$'\n'/ }"
  elif [[ $2 != "${2% *}" && ! -s $work/$1.data/audit.jsonl ]]; then
    echo "FAIL $2: the hub kept no record of calls"
  else
    echo "ok $2: the hub lived and stopped"
  fi
}

# certificates: an authority of our own, and the hub's certificate by it. Needs openssl.
certificates() {
  local curve=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc)
  openssl req -x509 "${curve[@]}" -days 2 -subj "/CN=clients of findinghub" -keyout "$work/ca.key" -out "$work/ca.pem" &&
    openssl req "${curve[@]}" -subj /CN=127.0.0.1 -keyout "$work/hub.key" -out "$work/hub.csr" &&
    openssl x509 -req -days 2 -in "$work/hub.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial \
      -extfile <(echo subjectAltName=IP:127.0.0.1) -out "$work/hub.pem"
}
