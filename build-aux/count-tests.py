#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Counts single tests in meson's log: `N passed, N failed, N skipped`, and why each was skipped.

Meson counts executables; what people want to know is how many test cases there were.
"""

import json
import re
import sys

LINE = re.compile(r'^(ok|not ok)\b[ \t]*(\d+)?[ \t]*-?[ \t]*([^#]*?)[ \t]*(?:#[ \t]*(\w+)[ \t]*(.*))?$')


def main(path):
    passed = failed = skipped = 0
    reasons = []

    with open(path, encoding='utf-8') as log:
        for entry in log:
            if not entry.strip():
                continue
            test = json.loads(entry)
            name = test['name']
            counts = {'ok': 0, 'not ok': 0, 'skip': 0}
            for line in test.get('stdout', '').splitlines():
                match = LINE.match(line)
                if match is None:
                    continue
                status, _, case, directive, reason = match.groups()
                if directive and directive.upper() == 'SKIP':
                    counts['skip'] += 1
                    reasons.append(f'{name}: {case}: {reason or "no reason given"}')
                elif directive and directive.upper() == 'TODO':
                    counts['skip'] += 1
                    reasons.append(f'{name}: {case}: to do: {reason}')
                else:
                    counts[status] += 1

            result = test['result']
            if result == 'SKIP' and not counts['skip']:
                counts['skip'] = 1
                reasons.append(f'{name}: {(test.get("stdout") or "").strip()[:200]}')
            elif result == 'OK' and not any(counts.values()):
                counts['ok'] = 1
            elif result not in ('OK', 'SKIP', 'EXPECTEDFAIL') and not counts['not ok']:
                # A crash or a time-out.
                counts['not ok'] = 1
                print(f'{name}: {result}')

            passed += counts['ok']
            failed += counts['not ok']
            skipped += counts['skip']

    for reason in reasons:
        print(f'skipped: {reason}')
    print(f'{passed} passed, {failed} failed, {skipped} skipped')
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
