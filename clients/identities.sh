# shellcheck shell=bash
# The identity file of the hubs that check signatures. Every account that a suite uses has the same
# users and roles, and each secret follows from its key's id: whoever writes a suite needs no list.

# accounts: the account ids, one a line: those of the seeds and the corpus, then 64 for each suite.
accounts() {
  local first
  printf '%s\n' 111111111111 111122223333 123456789012
  # cli-v1, cli-v2, boto3 (three suites), prowler, js, kotlin, java
  for first in 100000000000 200000000000 300000000000 310000000000 320000000000 400000000000 500000000000 600000000000 700000000000; do
    seq "$first" $((first + 63))
  done
}

# identities FILE: writes the file for nobody else's eyes, as the hub demands of secrets.
identities() {
  local trust='Version: "2012-10-17", Statement: {Effect: Allow, Principal: {AWS: "&"}, Action: "sts:AssumeRole"'
  (
    umask 077
    {
      cat <<'YAML'
policies:
  OverTLS: {Version: "2012-10-17", Statement: {Effect: Allow, Action: "securityhub:*", Resource: "*", Condition: {Bool: {"aws:SecureTransport": "true"}}}}
accounts:
YAML
      accounts | sed "s/.*/  \"&\": {users: {\
admin: {policies: [AdministratorAccess], access-keys: [{id: AKIA&, secret: secret-of-AKIA&}]}, \
reader: {policies: [AWSSecurityHubReadOnlyAccess], access-keys: [{id: AKIAREADER&, secret: secret-of-AKIAREADER&}]}, \
wire: {policies: [OverTLS], access-keys: [{id: AKIAWIRE&, secret: secret-of-AKIAWIRE&}]}}, roles: {\
Developer: {policies: [Developer], trust-policy: {$trust}}}, \
Auditor: {policies: [AWSSecurityHubReadOnlyAccess], trust-policy: {$trust, Condition: {StringEquals: {\"sts:ExternalId\": ticket-4711}}}}}}}/"
    } >"$1"
  )
}
