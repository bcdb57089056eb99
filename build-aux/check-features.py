#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whether docs/features.tsv is true: every function it names is exported, every test it names passes.

Usage: check-features.py FEATURES LIBRARY BUILD-FOLDER. Prints TAP, one test for a feature.

A line has an id, the public API, the tests, and a note. The API is a list of functions with commas
between them. The tests are a list with semicolons of "suite/name: /path /path": the name that meson has
for it, and paths of GLib's test framework. A test that is skipped, as where bpf(2) cannot be used, says
why; that counts for as much as it does in the test suite.
"""

import json
import os
import pathlib
import re
import subprocess
import sys

COLUMNS = ['id', 'public API', 'tests', 'note']
RESULT = re.compile(r'^(not ok|ok) \d+ (?:- )?(/\S+)(?:\s*#\s*(\w+)\s*(.*))?$')
TIMEOUT = 120


def exported(library):
    output = subprocess.run(['nm', '-D', '--defined-only', library], capture_output=True, text=True, check=True)
    return {line.split()[-1].split('@')[0] for line in output.stdout.splitlines() if line.strip()}


def read_features(path):
    lines = pathlib.Path(path).read_text(encoding='utf-8').splitlines()
    if not lines or lines[0].split('\t') != COLUMNS:
        sys.exit(f'Bail out! {path}: the first line must name the columns {COLUMNS}')
    for number, line in enumerate(lines[1:], 2):
        cells = line.split('\t')
        if len(cells) != len(COLUMNS):
            sys.exit(f'Bail out! {path}:{number}: {len(cells)} columns, not {len(COLUMNS)}')
        yield cells


def split_tests(text):
    """"a/b: /x /y; c/d: /z" -> [('a/b', '/x'), …]"""
    pairs = []
    for part in filter(None, (part.strip() for part in text.split(';'))):
        name, colon, paths = part.partition(':')
        if not colon or not paths.split():
            raise ValueError(f'“{part}” does not say which test of which program')
        pairs += [(name.strip(), path) for path in paths.split()]
    return pairs


def run(test, paths):
    """What became of each path: 'ok', 'not ok', or 'skip: why'."""
    command = list(test['cmd'])
    for path in sorted(paths):
        command += ['-p', path]
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False,
                                cwd=test.get('workdir') or None, env={**os.environ, **test['env']})
    except (OSError, subprocess.TimeoutExpired) as error:
        print(f'# {error}')
        return {}
    found = {}
    for line in result.stdout.splitlines():
        match = RESULT.match(line.rstrip())
        if match is None:
            continue
        status, path, directive, reason = match.groups()
        if directive and directive.upper() == 'SKIP':
            status = f'skip: {reason}'
        found[path] = status
    if result.returncode not in (0, 77):
        for line in (result.stdout + result.stderr).splitlines()[-20:]:
            print(f'# {line}')
    return found


def main(features, library, build):
    functions = exported(library)
    tests = {test['name']: test
             for test in json.loads((pathlib.Path(build) / 'meson-info' / 'intro-tests.json').read_text(encoding='utf-8'))}
    rows = list(read_features(features))
    seen, wanted, problems = set(), {}, {}

    for feature, api, named, _ in rows:
        found = problems.setdefault(feature, [])
        if feature in seen:
            found.append('is there twice')
        seen.add(feature)
        found += [f'{function} is not exported' for function in filter(None, (name.strip() for name in api.split(',')))
                  if function not in functions]
        if not api.strip():
            found.append('names no API')
        try:
            pairs = split_tests(named)
        except ValueError as error:
            found.append(str(error))
            continue
        if not pairs:
            found.append('names no test')
        for name, path in pairs:
            if name in tests:
                wanted.setdefault(name, set()).add(path)
            else:
                found.append(f'no test is called {name}')

    # One run for all that is wanted of a program.
    results = {name: run(tests[name], paths) for name, paths in wanted.items()}

    print(f'1..{len(rows)}')
    failed = not rows
    for number, (feature, _, named, _) in enumerate(rows, 1):
        found = problems[feature]
        skipped = []
        for name, path in split_tests(named) if not any('does not say' in problem for problem in found) else []:
            status = results.get(name, {}).get(path)
            if status is None and name in tests:
                found.append(f'{name} has no test {path}, or it did not get that far')
            elif status == 'not ok':
                found.append(f'{name}: {path} fails')
            elif status and status.startswith('skip'):
                skipped.append(f'{path} ({status[6:]})')
        for problem in found:
            print(f'# {feature}: {problem}')
        for reason in skipped:
            print(f'# {feature}: skipped: {reason}')
        print(f'{"not ok" if found else "ok"} {number} - {feature}')
        failed = failed or bool(found)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
