#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Tests of ebpfctl, as its users and their scripts see it. TAP on stdout.

Usage: test-ebpfctl.py EBPFCTL LIBRARY EXEC_OBJECT [PLUGIN…], with EBPF_TEST_OBJECTS in the environment.
"""

import fcntl
import json
import os
import pty
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import traceback
import unicodedata
from pathlib import Path

EBPFCTL, LIBRARY, EXEC_OBJECT, *PLUGINS = map(os.path.abspath, sys.argv[1:])
OBJECTS = Path(os.environ['EBPF_TEST_OBJECTS'])
NOBODY = 65534
BPFFS = Path('/sys/fs/bpf')

# Objects that are no good on purpose, and the code of the error they give.
BAD = {
    'constants.bpf.o': 'relocation',
    'core-missing.bpf.o': 'relocation',
    'ksyms-missing.bpf.o': 'not-found',
    'limit.bpf.o': 'limit',
    'link-a.bpf.o': 'relocation',
    'link-b.bpf.o': 'relocation',
    'rejected.bpf.o': 'verifier',
    'undefined.bpf.o': 'relocation',
}
# Those that every kernel from 5.10 on takes. Others may fail, but must say so in the right shape.
GOOD = [
    'events.bpf.o', 'exec.bpf.o', 'legacy-maps.bpf.o', 'map-in-map.bpf.o', 'minimal.bpf.o', 'shapes.bpf.o',
    'stream.bpf.o', 'subprograms.bpf.o', 'variables.bpf.o',
]

INSPECT_SHAPE = {
    'maps': {'name': str, 'type': str, 'key_size': int, 'value_size': int, 'max_entries': int, 'flags': int,
             'pinning': str},
    'programs': {'name': str, 'section': str, 'type': str, 'attach_type': (str, type(None)),
                 'attach_to': (str, type(None)), 'autoload': bool, 'instructions': int},
    'variables': {'name': str, 'section': str, 'offset': int, 'size': int, 'constant': bool, 'type': (str, type(None))},
}


class Skip(Exception):
    """Raised by a test that cannot run here; says why."""


def environment(**changes):
    env = {key: value for key, value in os.environ.items() if key not in ('COLUMNS', 'NO_COLOR')}
    # Checks of memory are for the library's own tests; a child as another user cannot write their reports.
    env.update(LC_ALL='C.UTF-8', **changes)
    return env


def ebpfctl(*args, **changes):
    return subprocess.run([EBPFCTL, *map(str, args)], capture_output=True, text=True, timeout=60,
                          env=environment(**changes))


def assert_one_line_error(result, status, *words):
    assert result.returncode == status, f'status {result.returncode}, not {status}: {result.stderr}'
    lines = result.stderr.splitlines()
    assert len(lines) == 1, f'not one line on stderr: {result.stderr!r}'
    assert lines[0].startswith('ebpfctl: '), lines[0]
    for word in words:
        assert word in lines[0], f'{word!r} is not in {lines[0]!r}'


def objects():
    found = sorted(OBJECTS.glob('*.bpf.o'))
    assert found, f'no object in {OBJECTS}'
    return found + [Path(EXEC_OBJECT)]


def kernel_version():
    return tuple(int(number) for number in os.uname().release.split('-')[0].split('.')[:2])


def has_bpffs():
    return os.path.ismount(BPFFS)


def require_bpf():
    result = ebpfctl('load', '--json', OBJECTS / 'minimal.bpf.o')
    if result.returncode != 0:
        raise Skip(json.loads(result.stdout)['error']['message'])


# Usage


def test_usage_errors():
    for args in ([], ['no-such-command'], ['--no-such-option'], ['inspect'], ['inspect', '--no-such-option', 'x'],
                 ['inspect', 'one', 'two'], ['load'], ['load', '--max-entries', 'nonsense', 'x'],
                 ['load', '--max-entries', 'map=0', 'x'], ['load', '--max-entries', 'map=4294967296', 'x'],
                 ['load', '--max-entries', '=5', 'x'], ['load', '--program'], ['run'], ['run', '--for', 'ever', 'x'],
                 ['run', '--for', '-1', 'x'], ['run', '--for', 'nan', 'x'], ['run', 'a', 'b'], ['plugins', 'x'],
                 ['loader'], ['loader', '-o', 'x'], ['loader', 'x'], ['loader', '-o', 'x', 'y', 'z'],
                 ['link'], ['link', '-o', 'x'], ['link', 'x'], ['link', '--no-such-option', 'x'],
                 ['btf'], ['btf', 'no-such-command'], ['btf', 'minimize'], ['btf', 'minimize', '-o', 'x'],
                 ['btf', 'minimize', '-o', 'x', 'y'], ['version', '--no-such-option'], ['help', 'no-such-command']):
        result = ebpfctl(*args)
        assert_one_line_error(result, 2, '--help')
        assert result.stdout == '', (args, result.stdout)


def test_help():
    for args in (['--help'], ['-h'], ['help'], ['inspect', '--help'], ['load', '--help'], ['run', '--help'],
                 ['plugins', '--help'], ['help', 'run']):
        result = ebpfctl(*args)
        assert result.returncode == 0, (args, result)
        assert 'Usage:' in result.stdout and 'Examples:' in result.stdout, (args, result.stdout)
        assert result.stderr == '', result.stderr

    top = ebpfctl('--help').stdout
    for command in 'inspect', 'load', 'run', 'btf', 'plugins':
        assert f'\n  {command} ' in top, top


def test_version():
    for args in ['version'], ['--version']:
        result = ebpfctl(*args)
        assert result.returncode == 0 and result.stdout.startswith('ebpfctl '), result
        assert len(result.stdout.split()[1].split('.')) == 3, result.stdout


def test_full_disk():
    with open('/dev/full', 'w') as full:
        result = subprocess.run([EBPFCTL, 'inspect', EXEC_OBJECT], stdout=full, stderr=subprocess.PIPE, text=True,
                                env=environment(), timeout=60)
    assert_one_line_error(result, 1, 'output')


# inspect


def test_inspect_every_object():
    for path in objects():
        result = ebpfctl('inspect', '--json', path)
        if result.returncode != 0:
            assert path.name not in GOOD, (path, result.stderr)
            assert_one_line_error(result, 1, str(path))
            continue

        content = json.loads(result.stdout)
        assert set(content) == {'byte_order', 'license', 'maps', 'programs', 'variables'}, (path, content)
        assert content['byte_order'] == ('big-endian' if '.be.' in path.name else 'little-endian'), path
        assert isinstance(content['license'], (str, type(None))), path
        for member, shape in INSPECT_SHAPE.items():
            for item in content[member]:
                assert set(item) == set(shape), (path, item)
                for key, types in shape.items():
                    assert isinstance(item[key], types), (path, key, item)

        table = ebpfctl('inspect', path)
        assert table.returncode == 0, (path, table.stderr)
        for member in INSPECT_SHAPE:
            for item in content[member]:
                assert item['name'] in table.stdout, (path, item)


def test_inspect_example():
    content = json.loads(ebpfctl('inspect', '--json', EXEC_OBJECT).stdout)

    assert content['license'] == 'Dual BSD/GPL', content
    maps = {item['name']: item for item in content['maps']}
    assert maps['events']['type'] == 'ringbuf', maps
    assert maps['events']['max_entries'] == 256 * 1024, maps
    assert maps['execs_by_uid'] == {'name': 'execs_by_uid', 'type': 'percpu-hash', 'key_size': 4, 'value_size': 8,
                                    'max_entries': 1024, 'flags': 0, 'pinning': 'none'}, maps
    [program] = content['programs']
    assert program['instructions'] > 20, program
    del program['instructions']
    assert program == {'name': 'on_exec', 'section': 'tracepoint/sched/sched_process_exec', 'type': 'tracepoint',
                       'attach_type': None, 'attach_to': 'sched/sched_process_exec', 'autoload': True}, program
    [dropped] = [item for item in content['variables'] if item['name'] == 'dropped']
    assert dropped.pop('offset') % 8 == 0, dropped
    assert dropped == {'name': 'dropped', 'section': '.bss', 'size': 8, 'constant': False, 'type': '__u64'}, dropped


def test_inspect_pinning():
    content = json.loads(ebpfctl('inspect', '--json', OBJECTS / 'pinning.bpf.o').stdout)
    assert 'by-name' in {item['pinning'] for item in content['maps']}, content


def test_inspect_bad_files():
    with tempfile.TemporaryDirectory() as folder:
        good = Path(EXEC_OBJECT).read_bytes()
        bad = {
            'empty': b'',
            'text': b'this is not an object file\n' * 10,
            'cut': good[:len(good) // 2],
            'x86': good[:18] + b'\x3e\x00' + good[20:],
            'new\nline': b'',
        }
        for name, contents in bad.items():
            path = Path(folder) / name
            path.write_bytes(contents)
            for args in ['inspect', path], ['inspect', '--json', path], ['load', path], ['run', path]:
                result = ebpfctl(*args)
                assert_one_line_error(result, 1, name.split('\n')[0])
                assert result.stdout == '', (args, result.stdout)

        result = ebpfctl('inspect', Path(folder) / 'no-such-file')
        assert_one_line_error(result, 1, 'no-such-file')


def text_width(text):
    return sum(2 if unicodedata.east_asian_width(c) in 'WF' else 1 for c in text)


def test_tables_fit():
    for columns in 200, 80, 60:
        for path in objects():
            result = ebpfctl('inspect', path, COLUMNS=str(columns))
            assert result.returncode == 0 or path.name not in GOOD, result.stderr
            assert '\033' not in result.stdout, 'colour without a terminal'
            for line in result.stdout.splitlines():
                assert text_width(line) <= columns, (path, columns, line)


def on_terminal(*args, **changes):
    """Output of ebpfctl on a terminal of 66 columns."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack('HHHH', 20, 66, 0, 0))
    process = subprocess.Popen([EBPFCTL, *map(str, args)], stdout=follower, stderr=follower,
                               env=environment(TERM='xterm', **changes))
    os.close(follower)
    output = b''
    try:
        while chunk := os.read(leader, 4096):
            output += chunk
    except OSError:  # EIO: the other side is closed
        pass
    os.close(leader)
    return process.wait(timeout=60), output.decode()


def test_terminal():
    status, output = on_terminal('inspect', OBJECTS / 'maps.bpf.o')
    assert status == 0 and '\033[1m' in output, output
    plain = output.replace('\033[1m', '').replace('\033[0m', '')
    assert max(text_width(line) for line in plain.splitlines()) <= 66, plain

    status, output = on_terminal('inspect', OBJECTS / 'maps.bpf.o', NO_COLOR='1')
    assert status == 0 and '\033' not in output, output

    status, output = on_terminal('inspect', OBJECTS / 'no-such-file')
    assert status == 1 and '\033[1;31mebpfctl:\033[0m ' in output, output


# load


def check_loaded(path, content):
    assert set(content) == {'ok', 'maps', 'programs', 'open_us', 'load_us', 'left_out'}, (path, content)
    assert content['ok'] is True, content
    inspected = json.loads(ebpfctl('inspect', '--json', path).stdout)
    assert content['maps'] <= len(inspected['maps']), (path, content)
    assert content['programs'] <= len(inspected['programs']), (path, content)
    assert all(isinstance(name, str) for name in content['left_out']), content
    assert content['open_us'] >= 0 and content['load_us'] > 0, content


def check_not_loaded(path, content, expected):
    assert set(content) == {'ok', 'error'} and content['ok'] is False, (path, content)
    error = content['error']
    assert set(error) == {'code', 'errno', 'message', 'log'}, (path, error)
    assert isinstance(error['errno'], int) and path.name in error['message'], (path, error)
    assert isinstance(error['log'], str if error['code'] == 'verifier' else (str, type(None))), (path, error)
    assert error['code'] == expected or expected is None, (path, error)


def test_load_left_out():
    """A section that says no type may be a slip: it is told, though what is in it may be there for others to call."""
    require_bpf()
    path = OBJECTS / 'sections.bpf.o'
    result = ebpfctl('load', path)
    assert result.returncode == 0, result.stderr
    assert 'Not loaded: unknown, whose section "nobody_knows_this/one" does not say' in result.stdout, result.stdout
    assert 'optional' not in result.stdout, result.stdout
    left_out = json.loads(ebpfctl('load', '--json', path).stdout)['left_out']
    assert 'unknown' in left_out and 'optional' in left_out, left_out


def test_load_every_object():
    require_bpf()
    for path in objects():
        result = ebpfctl('load', '--json', path)
        content = json.loads(result.stdout)
        expected = BAD.get(path.name)
        if '.be.' in path.name and sys.byteorder == 'little' and not path.name.startswith('link-'):
            expected = 'byte-order'

        assert result.stderr == '', (path, result.stderr)
        if result.returncode == 0 and expected is None:
            check_loaded(path, content)
        else:
            assert result.returncode == 1 and path.name not in GOOD, (path, result.returncode, content)
            check_not_loaded(path, content, expected)


def test_load_text():
    require_bpf()
    result = ebpfctl('load', EXEC_OBJECT)
    assert result.returncode == 0 and result.stderr == '', result
    assert '3 maps' in result.stdout and '1 program:' in result.stdout, result.stdout


def test_load_rejected():
    require_bpf()
    path = OBJECTS / 'rejected.bpf.o'
    result = ebpfctl('load', path)
    assert_one_line_error(result, 1)
    assert result.stdout == '', result.stdout

    error = json.loads(ebpfctl('load', '--json', path).stdout)['error']
    assert error['code'] == 'verifier' and error['errno'] > 0, error
    assert error['log'].count('\n') > 1, error
    assert '\n' not in error['message'], error
    assert error['message'] in result.stderr, (error, result.stderr)

    result = ebpfctl('load', '--log', path)
    assert_one_line_error(result, 1)
    assert result.stdout.count('\n') > 1, result.stdout


def test_load_options():
    require_bpf()
    inspected = json.loads(ebpfctl('inspect', '--json', OBJECTS / 'hooks.bpf.o').stdout)
    programs = [item['name'] for item in inspected['programs'] if item['type'] in ('xdp', 'socket-filter')]
    assert len(programs) >= 2, inspected

    for names in programs[:1], programs[:2]:
        options = [option for name in names for option in ('--program', name)]
        result = ebpfctl('load', '--json', *options, OBJECTS / 'hooks.bpf.o')
        assert json.loads(result.stdout).get('programs') == len(names), result.stdout

    result = ebpfctl('load', '--program', 'no_such_program', EXEC_OBJECT)
    assert_one_line_error(result, 1, 'no_such_program')

    assert ebpfctl('load', '--max-entries', 'events=65536', '-e', 'execs_by_uid=5', EXEC_OBJECT).returncode == 0
    # A ring buffer's size must be a power of two: so the option arrived, and the error says of which map.
    result = ebpfctl('load', '--json', '--max-entries', 'execs_by_uid=4294967295', EXEC_OBJECT)
    assert result.returncode == 1, result.stdout
    assert 'execs_by_uid' in json.loads(result.stdout)['error']['message'], result.stdout
    result = ebpfctl('load', '--max-entries', 'no_such_map=5', EXEC_OBJECT)
    assert_one_line_error(result, 1, 'no_such_map')


def test_load_pins():
    require_bpf()
    if not has_bpffs():
        raise Skip('a private bpffs cannot be mounted here')

    before = sorted(os.listdir(BPFFS))  # the kernel's own, if any
    inspected = json.loads(ebpfctl('inspect', '--json', OBJECTS / 'pinning.bpf.o').stdout)
    [name] = [item['name'] for item in inspected['maps'] if item['pinning'] == 'by-name']

    assert ebpfctl('load', OBJECTS / 'pinning.bpf.o').returncode == 0
    assert sorted(os.listdir(BPFFS)) == before, os.listdir(BPFFS)

    result = ebpfctl('load', '--pin-path', BPFFS / 'folder', OBJECTS / 'pinning.bpf.o')
    assert_one_line_error(result, 1, name, str(BPFFS / 'folder'))
    (BPFFS / 'folder').mkdir()
    result = ebpfctl('load', '--json', '--pin-path', BPFFS / 'folder', OBJECTS / 'pinning.bpf.o')
    assert json.loads(result.stdout)['ok'] is True, result.stdout
    (BPFFS / 'folder').rmdir()  # empty again

    # A pin that was there before stays: here one that a running ebpfctl made.
    process = subprocess.Popen([EBPFCTL, 'run', OBJECTS / 'pinning-run.bpf.o'], stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, text=True, env=environment())
    watchdog = threading.Timer(60, process.kill)
    watchdog.start()
    said = process.stderr.readline()
    pinned = (BPFFS / name).exists()
    loaded = ebpfctl('load', OBJECTS / 'pinning.bpf.o')
    still_pinned = (BPFFS / name).exists()
    process.send_signal(signal.SIGTERM)
    process.communicate()
    watchdog.cancel()
    assert loaded.returncode == 0, loaded
    assert process.returncode == 0 and pinned and still_pinned, (said, process.returncode, pinned, still_pinned)
    assert not (BPFFS / name).exists(), 'run left its pin behind'


# run


class Starter:
    """Starts processes while something else runs."""

    def __init__(self):
        self.pids = set()
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.start_processes)

    def start_processes(self):
        while not self.stopping.wait(0.1):
            process = subprocess.Popen(['/bin/true'])
            process.wait()
            self.pids.add(process.pid)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_args):
        self.stopping.set()
        self.thread.join()


def test_run_json():
    require_bpf()
    with Starter() as starter:
        result = ebpfctl('run', '--for', '2', '--json', 'example:exec')
    assert result.returncode == 0, result.stderr
    assert result.stderr == '', result.stderr

    lines = [json.loads(line) for line in result.stdout.splitlines()]
    records = [line['record'] for line in lines if 'record' in line]
    assert all(line['map'] == 'events' for line in lines if 'record' in line), lines
    ours = [record for record in records if record['pid'] in starter.pids]
    # The first and last may have been started before it was attached or after.
    assert 5 < len(ours) <= len(starter.pids), (len(ours), starter.pids)
    assert len({record['pid'] for record in ours}) == len(ours), 'a record came twice'
    now = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    for record in ours:
        assert set(record) == {'start', 'pid', 'parent', 'uid', 'comm'}, record
        assert record['parent'] == os.getpid(), record
        assert record['uid'] == os.getuid(), record
        assert record['comm'] == 'true', record
        assert now - 60e9 < record['start'] <= now, (now, record)

    counts = {line['key']: line for line in lines if line.get('map') == 'execs_by_uid'}
    assert sum(counts[os.getuid()]['value']) == counts[os.getuid()]['sum'], counts
    assert len(counts[os.getuid()]['value']) >= os.cpu_count(), counts
    assert counts[os.getuid()]['sum'] == sum(record['uid'] == os.getuid() for record in records), counts
    assert {'variable': 'dropped', 'value': 0} in lines, lines


def test_run_shapes():
    """Numbers beyond what a gint64 or a double holds, text that is not UTF-8, control characters."""
    require_bpf()
    shapes = {'largest': 2 ** 64 - 1, 'smallest': -2 ** 63, 'negative': -1, 'flag': 1, 'bits': 100,
              'text': 'a"\033\n\\', 'broken': [97, 255, 98, 0, 0, 0, 0, 0], 'bytes': [0, 1, 254, 255],
              'points': [{'x': -1, 'y': 2}, {'x': 3, 'y': -4}]}
    with Starter():
        result = ebpfctl('run', '--for', '1', '--json', OBJECTS / 'shapes.bpf.o')
        text = ebpfctl('run', '--for', '1', OBJECTS / 'shapes.bpf.o')
    assert result.returncode == 0 and result.stderr == '', result

    lines = [json.loads(line) for line in result.stdout.splitlines()]
    record = next(line['record'] for line in lines if 'record' in line)
    assert record.pop('colour') in (7, 'GREEN'), record
    assert record == shapes, record

    [entry] = [line for line in lines if line.get('map') == 'by_pair']
    assert entry['key'] == {'left': 1, 'right': 2}, entry
    assert entry['value']['largest'] == 2 ** 64 - 1, entry
    slots = {line['key']: line['value'] for line in lines if line.get('map') == 'slots'}
    assert slots == {0: 0, 1: 0, 2: 0, 3: 2 ** 64 - 1, 4: 0}, slots
    [balance] = [line for line in lines if line.get('map') == 'balance']
    assert set(balance['value']) <= {0, -5}, balance
    assert balance['sum'] == sum(balance['value']) < 0, balance
    variables = {line['variable']: line['value'] for line in lines if 'variable' in line}
    assert variables == {'largest': 2 ** 64 - 1, 'text': 'abc'}, variables

    assert text.returncode == 0, text
    assert 'largest=18446744073709551615 smallest=-9223372036854775808 ' in text.stdout, text.stdout
    assert 'points=[{x=-1 y=2} {x=3 y=-4}]' in text.stdout, text.stdout
    assert 'broken=[61 ff 62 00 00 00 00 00]' in text.stdout, text.stdout
    assert '\033' not in text.stdout and '4 entries of nothing but zeros' in text.stdout, text.stdout


def test_run_until_signal():
    require_bpf()
    for number in signal.SIGINT, signal.SIGTERM:
        process = subprocess.Popen([EBPFCTL, 'run', EXEC_OBJECT], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True, env=environment())
        watchdog = threading.Timer(60, process.kill)
        watchdog.start()
        attached = process.stderr.readline()
        assert 'on_exec' in attached, attached
        child = subprocess.Popen(['/bin/true'])
        child.wait()
        process.send_signal(number)
        output, errors = process.communicate()
        watchdog.cancel()

        assert process.returncode == 0, (number, process.returncode, errors)
        assert errors == '', errors
        # Written before the signal, so it must be there, however soon that came.
        assert f'pid={child.pid} ' in output and 'comm="true"' in output, output
        assert 'execs_by_uid (percpu-hash)' in output and 'SUM' in output, output
        assert 'dropped' in output, output


def test_run_failures():
    require_bpf()
    result = ebpfctl('run', 'example:no-such-example')
    assert_one_line_error(result, 1, 'no-such-example', 'exec')
    result = ebpfctl('run', '--for', '1', OBJECTS / 'rejected.bpf.o')
    assert_one_line_error(result, 1)


def test_run_operations():
    require_bpf()
    if tuple(int(part) for part in os.uname().release.split('.')[:2]) < (6, 4):
        raise Skip('operations by a link need Linux 6.4')
    algorithms = Path('/proc/sys/net/ipv4/tcp_available_congestion_control')
    process = subprocess.Popen([EBPFCTL, 'run', OBJECTS / 'struct-ops.bpf.o'], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, env=environment())
    watchdog = threading.Timer(60, process.kill)
    watchdog.start()
    attached = process.stderr.readline() + process.stderr.readline()
    names = algorithms.read_text(encoding='ascii').split()
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate()
    watchdog.cancel()

    assert process.returncode == 0, (process.returncode, attached, errors)
    # Programs of operations are attached with their map, and need not be told of.
    assert errors == '', errors
    assert "tcp_congestion_ops of map 'plain'" in attached, attached
    assert "tcp_congestion_ops of map 'newer'" in attached, attached
    assert {'ebpf_test_plain', 'ebpf_test_newer'} <= set(names), names
    assert 'name="ebpf_test_plain"' in output, output
    assert not {'ebpf_test_plain', 'ebpf_test_newer'} & set(algorithms.read_text(encoding='ascii').split())


def test_run_without_target():
    require_bpf()
    # Sections like "socket" and "tc" do not say where to: each is told of, and that nothing is left.
    result = ebpfctl('run', '--for', '1', OBJECTS / 'events.bpf.o')
    assert result.returncode == 1, result
    assert 'emit_ring' in result.stderr and 'tc' in result.stderr, result.stderr
    assert all(line.startswith('ebpfctl: ') for line in result.stderr.splitlines()), result.stderr


# plugins


def test_plugins():
    result = ebpfctl('plugins', '--json')
    assert result.returncode == 0, result.stderr
    plugins = {item['nick']: item for item in json.loads(result.stdout)}
    for nick, map_type in {'ringbuf': 'ringbuf', 'per-cpu': 'percpu-hash', 'perf-event-array': 'perf-event-array',
                           'map-of-maps': 'hash-of-maps'}.items():
        assert map_type in plugins[nick]['map_types'], plugins
        assert plugins[nick]['error'] is None, plugins
    assert ebpfctl('plugins').returncode == 0


# Without privileges


def test_btf_help():
    result = ebpfctl('btf', '--help')
    assert result.returncode == 0 and '\n  minimize ' in result.stdout, result
    result = ebpfctl('btf', 'minimize', '--help')
    assert result.returncode == 0 and 'Examples:' in result.stdout, result


def test_link():
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / 'linked.bpf.o'
        a, b = OBJECTS / 'link-a.bpf.o', OBJECTS / 'link-b.bpf.o'
        result = ebpfctl('link', '-o', output, a, b)
        size = output.stat().st_size
        assert result.returncode == 0 and result.stderr == '', result
        assert result.stdout == f'{output}: 2 files, {size} bytes\n', result

        result = ebpfctl('link', '--json', '--output', output, a, b)
        assert json.loads(result.stdout) == {'output': str(output), 'files': 2, 'bytes': size}, result

        result = ebpfctl('inspect', '--json', output)
        inspected = json.loads(result.stdout)
        assert {'entry_extern', 'entry_static_b'} <= {p['name'] for p in inspected['programs']}, inspected
        assert {'a_map', 'b_map'} <= {m['name'] for m in inspected['maps']}, inspected

        result = ebpfctl('link', '--help')
        assert result.returncode == 0 and '--output' in result.stdout, result


def test_link_failures():
    """What was there stays as it was."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / 'linked.bpf.o'
        output.write_bytes(b'before')
        b = OBJECTS / 'link-b.bpf.o'
        twice = OBJECTS / 'link-bad-twice.bpf.o'
        assert_one_line_error(ebpfctl('link', '-o', output, b, folder + '/none'), 1, 'none')
        result = ebpfctl('link', '-o', output, b, twice)
        assert_one_line_error(result, 1, 'chosen')
        assert str(b) in result.stderr and str(twice) in result.stderr, result
        assert output.read_bytes() == b'before'
        assert_one_line_error(ebpfctl('link', '-o', folder + '/none/x', b), 1, 'none')


def test_loader():
    with tempfile.TemporaryDirectory() as folder:
        output = folder + '/shapes.bpfl'
        shapes = OBJECTS / 'shapes.bpf.o'
        result = ebpfctl('loader', '-o', output, shapes)
        assert result.returncode == 0, result.stderr
        assert 'instructions' in result.stdout and output in result.stdout, result.stdout
        result = ebpfctl('loader', '--json', '--hash', '--output', folder + '/hashed', shapes)
        document = json.loads(result.stdout)
        assert document['output'] == folder + '/hashed', document
        assert document['bytes'] == os.path.getsize(folder + '/hashed'), document
        assert document['instructions'] > 100 and document['data'] > 1000, document

        assert_one_line_error(ebpfctl('loader', '-o', output, folder + '/none'), 1, 'none')
        assert_one_line_error(ebpfctl('loader', '-o', folder + '/none/x', shapes), 1, 'none')
        result = ebpfctl('loader', '-o', output + '2', OBJECTS / 'undefined.bpf.o')
        assert_one_line_error(result, 1, 'which nothing defines')
        assert not os.path.exists(output + '2')
        for options in ['--program', 'x'], ['--pin-path', folder]:
            assert_one_line_error(ebpfctl('load', *options, output), 1, 'loader program')

        require_bpf()
        if kernel_version() < (5, 17):
            raise Skip('loader programs need Linux 5.17')
        of_object, of_loader = (json.loads(ebpfctl('load', '--json', path).stdout) for path in (shapes, output))
        assert of_loader['ok'] and of_object['ok'], (of_object, of_loader)
        for key in 'maps', 'programs':
            assert of_loader[key] == of_object[key], (of_object, of_loader)
        result = ebpfctl('load', '--max-entries', 'no_such_map=5', output)
        assert_one_line_error(result, 1, 'no_such_map')


def test_btf_minimize():
    """The types of an object itself serve as a kernel's: they have what the object looks for."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / 'small.btf'
        kernel = Path('/sys/kernel/btf/vmlinux')
        if not kernel.exists():
            kernel = OBJECTS / 'core.bpf.o'
        args = ['btf', 'minimize', '-o', output, kernel, OBJECTS / 'core.bpf.o', OBJECTS / 'minimal.bpf.o']
        result = ebpfctl(*args)
        assert result.returncode == 0 and result.stdout.startswith(str(output)), result
        content = output.read_bytes()
        assert content[:2] in (b'\x9f\xeb', b'\xeb\x9f'), content[:2]
        assert b'\0task_struct\0' in content or b'\0task_struct___here\0' in content, content
        assert len(content) < 4096, len(content)

        output.unlink()
        result = ebpfctl(*args, '--json')
        assert json.loads(result.stdout) == {'output': str(output), 'types': json.loads(result.stdout)['types'],
                                             'bytes': len(content)}, result
        assert output.read_bytes() == content

        # What is small already stays as it is.
        again = Path(folder) / 'again.btf'
        result = ebpfctl('btf', 'minimize', '-o', again, output, OBJECTS / 'core.bpf.o')
        assert result.returncode == 0 and again.read_bytes() == content, result


def test_btf_minimize_failures():
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / 'small.btf'
        core = OBJECTS / 'core.bpf.o'
        assert_one_line_error(ebpfctl('btf', 'minimize', '-o', output, folder + '/none', core), 1, 'none')
        assert_one_line_error(ebpfctl('btf', 'minimize', '-o', output, core, folder + '/none'), 1, 'none')
        assert_one_line_error(ebpfctl('btf', 'minimize', '-o', output, '/dev/null', core), 1)
        assert_one_line_error(ebpfctl('btf', 'minimize', '-o', output, OBJECTS / 'minimal.be.bpf.o', core), 1,
                              'core.bpf.o', 'byte order')
        assert not output.exists()
        assert_one_line_error(ebpfctl('btf', 'minimize', '-o', folder + '/none/small.btf', core, core), 1, 'none')


def test_btf_distill():
    """A module that is split from an object's types, which have grown and moved since."""
    def blob(types, strings):
        head = struct.pack('=HBBIIIII', 0xeb9f, 1, 0, 24, 0, 4 * len(types), 4 * len(types), len(strings))
        return head + struct.pack(f'={len(types)}I', *types) + strings

    def integer(name):
        return [name, 1 << 24, 4, 1 << 24 | 32]

    def record(name, size, *members):
        words = [name, 4 << 24 | len(members), size]
        return words + [word for member in members for word in member]

    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        strings = b'\0int\0part\0grown\0a\0'
        (folder / 'old').write_bytes(blob(
            integer(1) + record(5, 4, (16, 1, 0)) + record(10, 4, (16, 1, 0)), strings))
        (folder / 'new').write_bytes(blob(
            record(10, 8, (16, 2, 0), (16, 2, 32)) + integer(1) + record(5, 4, (16, 2, 0)), strings))
        # 4: grown *; 5: struct own { struct part part; grown *grown; }
        own = len(strings)
        (folder / 'module').write_bytes(blob(
            [0, 2 << 24, 3] + record(own, 16, (5, 2, 0), (10, 4, 64)), b'own\0'))

        out = folder / 'out'
        result = ebpfctl('btf', 'distill', '-b', folder / 'old', '-o', out, folder / 'module')
        assert result.returncode == 0 and 'out: 2 types' in result.stdout and 'out.base: 2 types' in result.stdout, result
        result = ebpfctl('btf', 'distill', '-b', folder / 'old', '-o', out, '-j', folder / 'module')
        parts = json.loads(result.stdout)
        assert (parts['btf']['types'], parts['base']['types']) == (2, 2), result
        assert parts['base']['bytes'] == (folder / 'out.base').stat().st_size, result

        result = ebpfctl('btf', 'dump', '-f', 'raw', folder / 'out.base')
        assert "FWD 'grown'" in result.stdout and "STRUCT 'part' size=4 vlen=0" in result.stdout, result
        result = ebpfctl('btf', 'dump', '-f', 'raw', '-b', folder / 'out.base', out)
        assert "STRUCT 'own' size=16 vlen=2" in result.stdout, result

        # As sections of a module, it is put on the other one.
        objcopy = shutil.which('objcopy') or shutil.which('llvm-objcopy')
        if objcopy:
            (folder / 'empty.c').write_text('')
            module = folder / 'module.ko'
            subprocess.run([os.environ.get('CC', 'cc'), '-c', '-o', module, folder / 'empty.c'], check=True)
            subprocess.run([objcopy, '--add-section', f'.BTF={out}', '--add-section', f'.BTF.base={out}.base', module],
                           check=True)
            result = ebpfctl('btf', 'dump', '--plain', '-t', 'own', '-b', folder / 'new', module)
            assert result.returncode == 0 and 'struct grown *grown;' in result.stdout, result
            result = ebpfctl('btf', 'dump', '-f', 'raw', '-b', folder / 'new', module)
            assert "[5] STRUCT 'own' size=16 vlen=2" in result.stdout and "'part' type_id=3" in result.stdout, result

        assert_one_line_error(ebpfctl('btf', 'distill', '-o', out, folder / 'none'), 1, 'none')
        assert ebpfctl('btf', 'distill', folder / 'module').returncode == 2
        assert ebpfctl('btf', 'distill', '-o', out).returncode == 2


def unprivileged(folder, *args):
    env = environment(LD_LIBRARY_PATH=str(folder), EBPF_PLUGIN_PATH=str(folder),
                      LSAN_OPTIONS='detect_leaks=0')
    return subprocess.run([str(folder / 'ebpfctl'), *map(str, args)], capture_output=True, text=True, timeout=60,
                          cwd='/', env=env, user=NOBODY, group=NOBODY, extra_groups=[])


def test_unprivileged():
    if os.getuid() != 0:
        raise Skip('only root can become nobody')
    # The build tree may lie where nobody can read.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        shutil.copy(EBPFCTL, folder / 'ebpfctl')
        shutil.copy(LIBRARY, folder / 'libebpf-core-1.so.0')
        shutil.copy(EXEC_OBJECT, folder / 'exec.bpf.o')
        for plugin in PLUGINS:
            shutil.copy(plugin, folder)
        for path in folder.iterdir():
            path.chmod(0o755)

        result = unprivileged(folder, 'inspect', '--json', folder / 'exec.bpf.o')
        assert result.returncode == 0, result
        assert json.loads(result.stdout)['programs'][0]['name'] == 'on_exec', result.stdout

        for args in ['load', folder / 'exec.bpf.o'], ['run', '--for', '1', 'example:exec']:
            result = unprivileged(folder, *args)
            assert_one_line_error(result, 1, 'root', 'CAP_BPF')
            assert result.stdout == '', result.stdout

        result = unprivileged(folder, 'load', '--json', folder / 'exec.bpf.o')
        assert result.returncode == 1, result
        error = json.loads(result.stdout)['error']
        assert error['code'] == 'permission' and 'CAP_BPF' in error['message'] and error['log'] is None, error


def enter_namespace():
    """Goes into a mount namespace with a bpffs of its own, where that can be had."""
    if os.getuid() != 0 or 'EBPF_TEST_NAMESPACE' in os.environ:
        return
    script = 'mount -t bpf bpf "$1" 2>/dev/null; shift; exec "$@"'
    os.environ['EBPF_TEST_NAMESPACE'] = 'yes'
    if subprocess.run(['unshare', '-m', 'true'], stderr=subprocess.DEVNULL).returncode == 0:
        sys.stdout.flush()
        os.execvp('unshare', ['unshare', '-m', 'sh', '-c', script, 'sh', str(BPFFS), sys.executable, *sys.argv])


def main():
    enter_namespace()
    tests = [(name[len('test_'):].replace('_', '-'), function) for name, function in globals().items()
             if name.startswith('test_')]
    failed = 0
    print(f'TAP version 13\n1..{len(tests)}', flush=True)
    for number, (name, function) in enumerate(tests, 1):
        try:
            function()
            print(f'ok {number} {name}', flush=True)
        except Skip as reason:
            print(f'ok {number} {name} # SKIP {reason}', flush=True)
        except Exception:  # whatever it is, the other tests are to run
            failed += 1
            for line in traceback.format_exc().splitlines():
                print(f'# {line}')
            print(f'not ok {number} {name}', flush=True)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
