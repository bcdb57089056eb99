#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later

"""The example is one program written in several languages: all must print the same. TAP on stdout.

Usage: test-examples.py NAME COMMAND [NAME COMMAND…]; a COMMAND's words are separated by tabs.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

EXAMPLES = {name: command.split('\t') for name, command in zip(sys.argv[1::2], sys.argv[2::2])}
PATIENCE = 60


class Monitor:
    """A running example, and the lines that it has printed."""

    def __init__(self, name, command):
        self.name = name
        self.lines = []
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.errors)
        self.thread = threading.Thread(target=self.read_lines)
        self.thread.start()

    def read_lines(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip(b'\n'))

    def line_of(self, pid):
        found = [line for line in list(self.lines) if line.split()[:1] == [b'%d' % pid]]
        assert len(found) < 2, f'{self.name} printed process {pid} twice: {found}'
        return found[0] if found else None

    def stop(self, number):
        self.process.send_signal(number)
        try:
            status = self.process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = 'none: it did not end'
        self.thread.join()
        self.errors.seek(0)
        return status, self.errors.read().decode()


def run(*command):
    process = subprocess.Popen(command)
    process.wait()
    return process.pid


def wait_until(condition, what, between=lambda: None):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f'after {PATIENCE} s: {what()}'
        between()
        time.sleep(0.05)


def why_not():
    """Why this cannot run here; None where it can."""
    name, command = next(iter(EXAMPLES.items()))
    result = subprocess.run([*command, '1'], capture_output=True, text=True, timeout=PATIENCE)
    if result.returncode != 0 and ('CAP_BPF' in result.stderr or 'bpf(2)' in result.stderr):
        return f'{name}: {result.stderr.strip()}'
    return None


def test_same_lines(monitors, folder):
    seen = set()

    def start_one():
        seen.add(run('/bin/true'))

    wait_until(lambda: all(any(monitor.line_of(pid) for pid in seen) for monitor in monitors),
               lambda: 'nothing from ' + ', '.join(m.name for m in monitors if not any(map(m.line_of, seen))),
               start_one)

    # A name need not be UTF-8; and must not end a monitor.
    odd = os.path.join(os.fsencode(folder), b'caf\xe9')
    shutil.copy('/bin/true', odd)
    pids = [run(odd)] + [run('/bin/true') for _ in range(10)]
    wait_until(lambda: all(monitor.line_of(pid) for monitor in monitors for pid in pids),
               lambda: 'missing: ' + ', '.join(f'{pid} from {monitor.name}' for monitor in monitors for pid in pids
                                               if not monitor.line_of(pid)))

    for pid in pids[1:]:
        lines = {monitor.line_of(pid) for monitor in monitors}
        assert len(lines) == 1, f'not the same: {lines}'
        [line] = lines
        fields = line.split()
        assert fields[:3] == [b'%d' % pid, b'%d' % os.getpid(), b'%d' % os.getuid()], line
        assert abs(float(fields[3]) - time.clock_gettime(time.CLOCK_BOOTTIME)) < 2 * PATIENCE, line
        assert fields[4] == b'true', line

    for monitor in monitors:
        assert monitor.line_of(pids[0]).split()[4].startswith(b'caf'), monitor.line_of(pids[0])
        assert monitor.lines[0].split() == [b'PID', b'PARENT', b'UID', b'STARTED', b'COMMAND'], monitor.lines[0]


def test_end(monitors):
    for monitor, number in zip(monitors, [signal.SIGINT, signal.SIGTERM] * len(monitors)):
        status, errors = monitor.stop(number)
        assert status == 0, f'{monitor.name} ended with {status}: {errors}'
        assert errors == '', f'{monitor.name} wrote: {errors}'
        counts = dict(line.split(b' started ') for line in monitor.lines if line.startswith(b'uid '))
        printed = sum(line.split()[2] == b'%d' % os.getuid() for line in monitor.lines[1:]
                      if not line.startswith(b'uid '))
        assert int(counts[b'uid %d' % os.getuid()]) >= printed > 10, (monitor.name, counts, printed)


def test_seconds():
    for name, command in EXAMPLES.items():
        begin = time.monotonic()
        result = subprocess.run([*command, '1'], capture_output=True, timeout=PATIENCE)
        assert result.returncode == 0, (name, result)
        # GLib brings timers of whole seconds together, up to a quarter of a second early.
        assert time.monotonic() - begin >= 0.7, name


def main():
    failed = 0
    print('TAP version 13\n1..3', flush=True)

    reason = why_not()
    if reason is not None:
        for number, name in enumerate(('same-lines', 'end', 'seconds'), 1):
            print(f'ok {number} {name} # SKIP {reason}')
        return 0

    monitors = [Monitor(name, command) for name, command in EXAMPLES.items()]
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, function, arguments) in enumerate((('same-lines', test_same_lines, (monitors, folder)),
                                                              ('end', test_end, (monitors,)),
                                                              ('seconds', test_seconds, ())), 1):
            try:
                function(*arguments)
                print(f'ok {number} {name}', flush=True)
            except Exception as error:  # whatever it is, the other tests are to run
                failed += 1
                print(f'# {type(error).__name__}: {error}'.replace('\n', '\n# '))
                print(f'not ok {number} {name}', flush=True)

    for monitor in monitors:
        if monitor.process.poll() is None:
            _status, errors = monitor.stop(signal.SIGKILL)
            print(f'# {monitor.name}: {errors}'.replace('\n', '\n# '))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
