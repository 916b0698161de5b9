"""Runs the tests of one client in the order they are written and prints one line for each.

Standard library only: the suite of the AWS CLI v2 runs with the interpreter that Debian's
package brings, without anything from PyPI.
"""

import sys
import traceback

from keys import MODE, SIGNED


class Suite:
    """The tests of one client, collected by the decorator ``test``."""

    def __init__(self, client):
        self.client = f"{client} {MODE}" if SIGNED else client
        self.tests = []

    def test(self, function):
        self.tests.append(function)
        return function

    def dev_only(self, reason):
        """Marks a test of what only --dev does. Elsewhere it is named with the reason, and not counted."""
        return lambda function: self.left_out(function, reason) if SIGNED else self.test(function)

    def signed_only(self, function):
        """Marks the counterpart of such a test: with --dev there is nothing to refuse."""
        return self.test(function) if SIGNED else function

    def left_out(self, function, reason):
        print(f"# {self.client}: left out: {function.__name__.replace('_', ' ')}: {reason}", flush=True)
        return function

    def run(self):
        """Runs every test, also after a failure: each uses an account of its own."""
        failed = 0
        for function in self.tests:
            name = function.__name__.replace("_", " ")
            try:
                function()
                print(f"ok {self.client}: {name}", flush=True)
            except Exception as error:  # whatever a client throws is the test's failure
                failed += 1
                self.report(name, error)
        sys.exit(1 if failed else 0)

    def report(self, name, error):
        line = traceback.extract_tb(error.__traceback__)
        # The frame of the test, not the one of the comparison that it called.
        place = [f for f in line if f.name.replace("_", " ") == name][-1:]
        where = f" (line {place[0].lineno})" if place else ""
        reason = str(error) or type(error).__name__
        if not isinstance(error, AssertionError):
            reason = f"{type(error).__name__}: {reason}"
        print(f"FAIL {self.client}: {name}{where}: {' '.join(reason.split())[:1500]}", flush=True)


def equal(got, want, what="value"):
    if got != want:
        raise AssertionError(f"{what}: got {got!r}, want {want!r}")


def contains(text, part, what="text"):
    if part not in text:
        raise AssertionError(f"{what}: {part!r} is not in {text!r}")


def members(got, want, what="object"):
    """Every member of want is in got with the same value; got may hold more."""
    for name, value in want.items():
        if name not in got:
            raise AssertionError(f"{what} has no {name}: {got!r}")
        equal(got[name], value, f"{what}.{name}")
