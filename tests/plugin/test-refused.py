#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What `ebpfctl plugins` says of modules that are no good: each is listed, with the reason and what to do.
TAP on stdout.

Usage: test-refused.py EBPFCTL MODULES-FOLDER LIBRARY
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import traceback

EBPFCTL, MODULES, LIBRARY = map(os.path.abspath, sys.argv[1:])

# The name of a module here, what it is made of, and what has to be said of it.
REFUSED = {
    'text': (b'no module at all\n', ['is not an ELF file']),
    'cut': (pathlib.Path(LIBRARY).read_bytes()[:5000], ['note "ebpf-core"', 'rebuild it']),
    'directory': (None, ['directory']),
    'no-info': ('no-info', ['note "ebpf-core"', 'EBPF_DEFINE_PLUGIN']),
    'no-driver': ('no-driver', ['ebpf-map-driver']),
    'wrong-abi': ('wrong-abi', ['ABI', 'install the library that the plug-in was built against']),
    'wrong-abi-inside': ('wrong-abi-inside', ['ABI']),
    'wrong-size': ('wrong-size', ['sizes', 'rebuild it']),
    'wrong-magic': ('wrong-magic', ['EBPF_DEFINE_PLUGIN']),
    'undefined-symbol': ('undefined-symbol', ['undefined symbol']),
}
KEYS = {'nick', 'path', 'description', 'map_types', 'error'}


def ebpfctl(*args, path):
    environment = dict(os.environ, EBPF_PLUGIN_PATH=str(path), LC_ALL='C.UTF-8')
    result = subprocess.run([EBPFCTL, 'plugins', *args], capture_output=True, text=True, timeout=60, env=environment)
    assert result.returncode == 0, result
    assert result.stderr == '', result.stderr
    return result.stdout


def fill(folder):
    for name, (content, _) in REFUSED.items():
        module = folder / f'libebpf-{name}.so'
        if content is None:
            module.mkdir()
        elif isinstance(content, bytes):
            module.write_bytes(content)
        else:
            shutil.copy(pathlib.Path(MODULES) / f'libtest-{content}.so', module)
    shutil.copy(pathlib.Path(MODULES) / 'libtest-good.so', folder / 'libebpf-good.so')
    # None of these has the name of a plug-in.
    (folder / 'README').write_text('')
    (folder / 'libother.so').write_text('')


def test_json(folder):
    items = json.loads(ebpfctl('--json', path=folder))
    assert isinstance(items, list), items
    for item in items:
        assert set(item) == KEYS, item
        assert isinstance(item['nick'], str) and isinstance(item['map_types'], list), item
        assert item['path'] == 'built-in' or os.path.isabs(item['path']), item
    here = {pathlib.Path(item['path']).name: item for item in items if str(folder) in item['path']}
    assert set(here) == {f'libebpf-{name}.so' for name in [*REFUSED, 'good']}, sorted(here)
    for name, (_, words) in REFUSED.items():
        item = here[f'libebpf-{name}.so']
        assert item['error'], item
        assert item['path'] in item['error'], item
        for word in words:
            assert word in item['error'], f'{name}: {word!r} is not in {item["error"]!r}'
    assert here['libebpf-good.so']['error'] is None, here['libebpf-good.so']
    assert here['libebpf-good.so']['map_types'], here['libebpf-good.so']
    # Those of the library do as before.
    assert any(item['nick'] == 'ringbuf' and item['error'] is None for item in items), items


def test_table(folder):
    text = ebpfctl(path=folder)
    lines = text.splitlines()
    assert lines[0].split() == ['PLUG-IN', 'MAP', 'TYPES', 'FROM', 'ERROR'], lines[0]
    for name, (_, words) in REFUSED.items():
        line = next(line for line in lines if f'libebpf-{name}.so' in line)
        assert words[0] in line, line


def test_nowhere(folder):
    """Folders that are not there are no error."""
    items = json.loads(ebpfctl('--json', path=f'{folder}/nowhere::relative'))
    assert not any(str(folder) in item['path'] for item in items), items
    assert items, items


def main():
    tests = [(name[len('test_'):], function) for name, function in globals().items() if name.startswith('test_')]
    failed = 0
    print(f'1..{len(tests)}')
    with tempfile.TemporaryDirectory(prefix='ebpf-refused-') as scratch:
        fill(pathlib.Path(scratch))
        for number, (name, function) in enumerate(tests, 1):
            try:
                function(pathlib.Path(scratch))
                print(f'ok {number} - {name}', flush=True)
            except Exception:  # any of them is a failed test
                failed += 1
                print('# ' + traceback.format_exc().strip().replace('\n', '\n# '))
                print(f'not ok {number} - {name}', flush=True)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
