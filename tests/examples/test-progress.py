#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later

"""The progress bar shows every step of a load, in order, and its end. TAP on stdout.

Usage: test-progress.py COMMAND…
"""

import os
import pty
import re
import subprocess
import sys

COMMAND = sys.argv[1:]
TIMEOUT = 60


def test_lines():
    result = subprocess.run(COMMAND, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    if result.returncode != 0 and ('CAP_BPF' in result.stderr or 'bpf(2)' in result.stderr):
        return f'SKIP {result.stderr.strip()}'
    assert result.returncode == 0, result.stderr
    *steps, summary = result.stdout.splitlines()
    assert re.fullmatch(r'50 programs and \d+ maps are loaded', summary), summary

    # Each step is one line, and none goes back.
    values = [float(step.split()[0]) for step in steps]
    assert values == sorted(set(values)), values
    assert 0 < values[0] < 0.1 and values[-1] == 1, values
    assert len(values) > 50, len(values)
    # What is done is told after what it is done with: the name is there one line later.
    names = {step.split()[2] for step in steps if 'program' in step}
    assert names == {f'check_{number}' for number in range(10, 60)}, sorted(names)
    return ''


def test_bar():
    """On a terminal."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(COMMAND, stdout=follower, stderr=subprocess.PIPE)
    os.close(follower)
    output = b''
    while True:
        try:
            part = os.read(leader, 65536)
        except OSError:
            break
        if not part:
            break
        output += part
    os.close(leader)
    errors = process.stderr.read().decode()
    process.stderr.close()
    if process.wait(timeout=TIMEOUT) != 0:
        assert 'CAP_BPF' in errors or 'bpf(2)' in errors, errors
        return f'SKIP {errors.strip()}'
    bars = output.decode().split('\r')
    assert any('[' + '#' * 40 + '] 100%' in bar for bar in bars), bars[-2:]
    assert any('#  ' in bar for bar in bars), bars[:3]
    return ''


def test_missing():
    result = subprocess.run([*COMMAND, '/no/such/object'], capture_output=True, text=True, timeout=TIMEOUT, check=False)
    assert result.returncode != 0
    assert '/no/such/object' in result.stderr, result.stderr
    return ''


TESTS = [test_lines, test_bar, test_missing]
print(f'1..{len(TESTS)}')
for number, test in enumerate(TESTS, 1):
    name = test.__name__[len('test_'):]
    try:
        skipped = test()
        print(f'ok {number} {name}{" # " + skipped if skipped else ""}', flush=True)
    except Exception as error:
        print(f'# {type(error).__name__}: {error}')
        print(f'not ok {number} {name}', flush=True)
