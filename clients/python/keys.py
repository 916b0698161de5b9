"""Who the suites are: with --dev a key id is the account and nothing is signed for; otherwise the
keys of the identity file that clients/identities.sh writes, in the same words."""

import os

# dev, signed or tls: the way in which clients/run has started the hub.
MODE = os.environ.get("FINDINGHUB_CLIENTS_MODE", "dev")
SIGNED = MODE != "dev"


def key(account, user="admin"):
    """The access key id and the secret of a user. Every account has the users admin, reader, who may
    only read, and wire, who may do anything but only over TLS."""
    if not SIGNED:
        return account, "not-checked"
    id = "AKIA" + ("" if user == "admin" else user.upper()) + account
    return id, f"secret-of-{id}"


def role(account, name):
    """The ARN of a role. Every account has Developer, and Auditor, which needs the external id of EXTERNAL_ID."""
    return f"arn:aws:iam::{account}:role/{name}"


EXTERNAL_ID = "ticket-4711"
