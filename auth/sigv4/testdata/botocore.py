"""Signs requests with botocore, whose signatures sigv4 must take. Makes botocore.json:

    pip install botocore && python3 botocore.py > botocore.json

What is sent is what botocore would hand to its HTTP client.
"""

import base64
import datetime
import json
import sys
from urllib.parse import quote, urlsplit

sys.path.pop(0)  # or else this file would be what the next lines import

import botocore.auth
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
TOKEN = "FwoGZXIvYXdzEBYaD+/=token"
HUB_ARN = "arn:aws:securityhub:us-east-1:123456789012:hub/default"
PRODUCT_ARN = "arn:aws:securityhub:us-east-1::product/a b/ünï+c%"
JSON = {"Content-Type": "application/json"}

# name, method, path as serialised, parameters, headers, body, token, region, seconds of validity or None
CASES = [
    ("import", "POST", "/findings/import", {}, JSON, b'{"Findings":[]}', None, "eu-west-1", None),
    ("token", "POST", "/findings", {}, JSON, b"{}", TOKEN, "eu-west-1", None),
    ("no body", "GET", "/accounts", {}, {}, b"", None, "us-east-1", None),
    ("arn in the path", "GET", "/tags/" + quote(HUB_ARN, safe="-._~"), {}, {}, b"", None, "us-east-1", None),
    ("odd arn in the path", "POST", "/productSubscriptions/" + quote(PRODUCT_ARN, safe="-._~"), {}, JSON, b"{}", None, "us-east-1", None),
    ("raw colons in the path", "GET", "/tags/" + HUB_ARN, {}, {}, b"", None, "us-east-1", None),
    ("parameters", "GET", "/members", {"OnlyAssociated": "true", "MaxResults": "5", "NextToken": "a+b/c=="}, {}, b"", None, "us-east-1", None),
    ("odd parameters", "GET", "/members", {"a": "x y", "a-b": "&", "A": "é", "~_-.": "~_-.", "b/": ""}, {}, b"", None, "us-east-1", None),
    ("list of keys", "DELETE", "/tags/" + quote(HUB_ARN, safe="-._~"), [("tagKeys", "b"), ("tagKeys", "a/b"), ("tagKeys", "a-b")], {}, b"", None, "us-east-1", None),
    ("blanks in a header", "POST", "/findings", {}, {"X-Note": "  a   b  ", **JSON}, b"{}", None, "us-east-1", None),
    ("body that is not text", "POST", "/findings", {}, JSON, bytes(range(256)), TOKEN, "us-east-1", None),
    ("payload hash in a header", "POST", "/findings", {}, {"X-Amz-Content-SHA256": "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"}, b"{}", None, "us-east-1", None),
    ("date in Date", "POST", "/findings", {}, {"Date": "now", **JSON}, b"{}", None, "us-east-1", None),
    ("presigned", "GET", "/members", {"MaxResults": "5"}, {}, b"", None, "us-east-1", 3600),
    ("presigned with a token", "GET", "/accounts", {}, {}, b"", TOKEN, "eu-west-1", 1),
    ("presigned arn", "GET", "/tags/" + quote(PRODUCT_ARN, safe="-._~"), {"a": "x y", "A": "é"}, {}, b"", TOKEN, "us-east-1", 604800),
    ("presigned with headers", "POST", "/findings", {}, JSON, b"", None, "us-east-1", 60),
]

NOW = datetime.datetime(2026, 1, 2, 15, 4, 5)


def sign(name, method, path, params, headers, body, token, region, expires):
    botocore.auth.get_current_datetime = lambda *args, **kwargs: NOW
    request = AWSRequest(method, "https://hub.example.com:4590" + path, headers=headers, data=body, params=params)
    keys = Credentials("AKIAIOSFODNN7EXAMPLE", SECRET, token)
    if expires is None:
        SigV4Auth(keys, "securityhub", region).add_auth(request)
    else:
        SigV4QueryAuth(keys, "securityhub", region, expires).add_auth(request)
    prepared = request.prepare()
    url = urlsplit(prepared.url)
    return {
        "name": name,
        "method": prepared.method,
        "path": url.path,
        "query": url.query,
        "host": url.netloc,
        "headers": {k: v.decode() if isinstance(v, bytes) else v for k, v in sorted(prepared.headers.items())},
        "body": base64.b64encode(body).decode(),
        "token": token or "",
        "region": region,
        "expires": expires or 0,
    }


json.dump(
    {"secret": SECRET, "time": NOW.strftime("%Y%m%dT%H%M%SZ"), "cases": [sign(*c) for c in CASES]},
    sys.stdout,
    indent=1,
)
print()
