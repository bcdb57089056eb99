#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Installs into a scratch prefix and runs the scripts' tests, and their examples, against what is there:
the typelib, the overrides, the library and its plug-ins, found as an installation is.

usage: run-installed.py BUILD-FOLDER SOURCE-FOLDER
"""

import os
import pathlib
import subprocess
import sys
import tempfile


def only(root, pattern):
    found = sorted(root.rglob(pattern))
    assert found, f'{pattern} was not installed'
    return found[0]


def main():
    build, source = (pathlib.Path(path).resolve() for path in sys.argv[1:3])

    with tempfile.TemporaryDirectory(prefix='ebpf-installed-') as scratch:
        root = pathlib.Path(scratch)
        subprocess.run(['meson', 'install', '-C', build, '--no-rebuild', '--destdir', root],
                       check=True, stdout=subprocess.DEVNULL)

        environment = dict(os.environ)
        # Nothing of the build or source tree but the tests themselves and their objects.
        environment.pop('EBPF_PLUGIN_PATH', None)
        environment['GI_TYPELIB_PATH'] = str(only(root, 'Ebpf-1.typelib').parent)
        environment['LD_LIBRARY_PATH'] = str(only(root, 'libebpf-core-1.so.0').parent)
        environment['PYTHONPATH'] = str(only(root, 'gi/overrides/Ebpf.py').parent.parent.parent)
        environment['GJS_PATH'] = str(only(root, 'gjs-1.0/overrides/Ebpf.js').parent.parent)
        examples = only(root, 'exec.bpf.o').parent

        commands = {
            'gjs': ['gjs', '-m', source / 'tests/gi/test-gi.js'],
            'python': [sys.executable, source / 'tests/gi/test-gi.py'],
        }
        if os.geteuid() == 0:
            commands['example in gjs'] = ['gjs', '-m', examples / 'exec.js', '1']
            commands['example in python'] = [sys.executable, examples / 'exec.py', '1']

        print(f'1..{len(commands)}')
        failed = 0
        for number, (name, command) in enumerate(commands.items(), 1):
            result = subprocess.run(command, env=environment, text=True,
                                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            if result.returncode != 0:
                failed += 1
                print('# ' + result.stdout.strip().replace('\n', '\n# '))
            print(f'{"not ok" if result.returncode else "ok"} {number} - {name}')
        return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
