#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Installs the library into a scratch folder, and builds, installs and tests the plug-in of this folder
against what is there.

usage: run.py BUILD-FOLDER [SANITIZERS]
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile


def run(*command, **kwargs):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **kwargs)
    if result.returncode != 0:
        print(f'$ {" ".join(map(str, command))}\n{result.stdout}', file=sys.stderr)
        sys.exit(1)
    return result.stdout


def main():
    here = pathlib.Path(__file__).resolve().parent
    build = pathlib.Path(sys.argv[1]).resolve()

    if shutil.which('meson') is None:
        print('meson is not here')
        sys.exit(77)

    with tempfile.TemporaryDirectory(prefix='ebpf-out-of-tree-') as scratch:
        scratch = pathlib.Path(scratch)
        root = scratch / 'root'
        run('meson', 'install', '-C', build, '--no-rebuild', '--destdir', root)

        # The pkg-config file names the prefix that it was configured for.
        files = list(root.rglob('ebpf-core-1.pc'))
        assert len(files) == 1, files
        text = files[0].read_text()
        prefix = re.search(r'^prefix=(.*)$', text, re.M).group(1)
        files[0].write_text(re.sub(r'^prefix=.*$', f'prefix={root}{prefix}', text, flags=re.M))

        environment = dict(os.environ)
        environment['PKG_CONFIG_PATH'] = str(files[0].parent)
        environment['LD_LIBRARY_PATH'] = str(files[0].parent.parent)
        for name in ('EBPF_PLUGIN_PATH', 'DESTDIR', 'MESON_TESTTHREADS'):
            environment.pop(name, None)

        sanitizers = sys.argv[2] if len(sys.argv) > 2 else 'none'
        run('meson', 'setup', scratch / 'build', here, f'-Db_sanitize={sanitizers}', '-Db_lundef=false', env=environment)
        run('meson', 'compile', '-C', scratch / 'build', env=environment)
        print(run('meson', 'test', '-C', scratch / 'build', '--print-errorlogs', env=environment))

        # It goes where pkg-config says, beside those of the library.
        run('meson', 'install', '-C', scratch / 'build', '--no-rebuild', env=environment)
        modules = {path.name: path for path in root.rglob('plugins/libebpf-*.so')}
        assert 'libebpf-lpm-trie.so' in modules, modules
        environment['EBPF_PLUGIN_PATH'] = str(modules['libebpf-lpm-trie.so'].parent)
        print(run(scratch / 'build' / 'test-lpm-trie', env=environment))


if __name__ == '__main__':
    main()
