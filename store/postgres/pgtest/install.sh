#!/bin/sh
# Sees to it that PostgreSQL's server is on this machine, which tests start by themselves: Debian's package
# postgresql, without the cluster that it makes and starts otherwise.
set -eu

if command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
  exit 0
fi
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo "The tests start PostgreSQL (15 or later), which is not on this machine. On Debian or Ubuntu: sudo $0" >&2
  exit 1
fi

export DEBIAN_FRONTEND=noninteractive
quietly() { # what goes well says nothing
  out=$("$@" 2>&1) || { printf '%s\n' "$out" >&2; exit 1; }
}

echo "installing PostgreSQL's server for the tests (Debian's package postgresql)" >&2
quietly apt-get update -qq
# The tools come first: their settings, not the server's, say whether a cluster is made.
quietly apt-get install -y -qq --no-install-recommends postgresql-common
if [ -d /etc/postgresql-common ]; then
  mkdir -p /etc/postgresql-common/createcluster.d
  echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.d/findinghub-tests.conf
fi
quietly apt-get install -y -qq --no-install-recommends postgresql
