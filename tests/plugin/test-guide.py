#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Follows docs/writing-a-plugin.md and docs/getting-started.md word for word: writes each file that it shows into an empty folder, runs each
command, and compares with what it says comes of it; against the library as it is installed. TAP on stdout.

Usage: test-guide.py BUILD-FOLDER SOURCE-FOLDER [LANGUAGE…]
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import traceback

BUILD, SOURCE = (pathlib.Path(path).resolve() for path in sys.argv[1:3])
LANGUAGES = sys.argv[3:]


class Guide:
    def __init__(self, name, prelude, sections, mistakes):
        self.text = (SOURCE / 'docs' / name).read_text()
        # What is to be done first, in each language.
        self.prelude = prelude
        self.sections = {language: title for language, title in sections.items() if language in LANGUAGES}
        # A wrong guide: what somebody could mistype, in the code and in what is to come of it.
        self.mistakes = mistakes

    def read(self, language, right='', wrong=''):
        text = self.text.replace(right, wrong) if right else self.text
        blocks = read_section(text, self.prelude) if self.prelude else []
        return blocks + read_section(text, self.sections[language])


PLUGIN = Guide('writing-a-plugin.md', None, {'c': 'In C,', 'js': 'In JavaScript,', 'python': 'In Python,'},
               [('key_to_variant', 'key_to_varian'), ("key '10.0.0.1'", "key '10.0.0.2'")])
START = Guide('getting-started.md', 'The BPF program',
              {'c': 'In C', 'js': 'In JavaScript', 'python': 'In Python', 'vala': 'In Vala'},
              [('start.user, &zero', 'start.usr, &zero'), ('true of user 0', 'false of user 0')])

FILE_NAME = re.compile(r'(?:/\*|//|#) (\S+\.\w+|meson\.build)(?: \*/)?$')


class Skip(Exception):
    pass


class Wrong(AssertionError):
    """The guide says what is not so."""


def run(*command, **kwargs):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=200, **kwargs)
    if result.returncode != 0:
        raise Wrong(f'$ {" ".join(map(str, command))}\n{result.stdout}')
    return result.stdout


def read_section(text, title):
    """The fenced blocks of a section, in order: (language, text)."""
    for section in re.split(r'^## ', text, flags=re.M)[1:]:
        if re.match(f'{re.escape(title)}(?: |$)', section, flags=re.M):
            return re.findall(r'^```(\w+)\n(.*?)^```$', section, flags=re.M | re.S)
    raise Wrong(f'no section "{title}"')


def files_of(blocks):
    files = {}
    for kind, block in blocks:
        if kind not in ('sh', 'text'):
            match = FILE_NAME.match(block.splitlines()[0])
            if match is None:
                raise Wrong(f'a block of code does not begin with the name of its file:\n{block}')
            files[match.group(1)] = block
    return files


def matches(expected, line):
    pattern = '.*'.join(map(re.escape, ' '.join(expected.split()).split('…')))
    return re.fullmatch(pattern, ' '.join(line.split())) is not None


def compare(expected, output):
    """Each line has to come, in this order; meson says more around them."""
    lines = iter(output.splitlines())
    for line in expected.splitlines():
        if not any(matches(line, candidate) for candidate in lines):
            raise Wrong(f'"{line}" is not in\n{output}')


def follow(blocks, folder, environment):
    output, n_checked = None, 0
    for kind, block in blocks:
        if kind == 'sh':
            output = run('bash', '-euo', 'pipefail', '-c', block, cwd=folder, env=environment)
        elif kind == 'text':
            compare(block, output)
            n_checked += 1
        else:
            ((name, content),) = files_of([(kind, block)]).items()
            (folder / name).write_text(content)
    assert n_checked > 0, 'nothing was compared'


class Installation:
    """The library in a prefix of its own, and an environment in which it is the only one."""

    def __init__(self, scratch):
        self.root = scratch / 'root'
        run('meson', 'install', '-C', BUILD, '--no-rebuild', '--destdir', self.root)

        # The pkg-config file names the prefix that it was configured for.
        pc = self.only('ebpf-core-1.pc')
        text = pc.read_text()
        self.prefix = pathlib.Path(re.search(r'^prefix=(.*)$', text, re.M).group(1))
        pc.write_text(re.sub(r'^prefix=.*$', f'prefix={self.root}{self.prefix}', text, flags=re.M))

        # Nobody is asked for a password, and python3 is the system's, which PyGObject belongs to.
        shims = scratch / 'shims'
        shims.mkdir()
        (shims / 'sudo').write_text('#!/bin/sh\nexec "$@"\n')
        (shims / 'python3').write_text('#!/bin/sh\nexec /usr/bin/python3 "$@"\n')
        for shim in shims.iterdir():
            shim.chmod(0o755)

        env = dict(os.environ)
        for name in ('EBPF_PLUGIN_PATH', 'DESTDIR', 'MESON_TESTTHREADS', 'GI_TYPELIB_PATH', 'GJS_PATH', 'PYTHONPATH'):
            env.pop(name, None)
        env.update({
            'LC_ALL': 'C.UTF-8',
            'PATH': f'{shims}:{self.only("bin/ebpfctl").parent}:{env["PATH"]}',
            'PKG_CONFIG_PATH': str(pc.parent),
            'LD_LIBRARY_PATH': str(pc.parent.parent),
            'PYTHONDONTWRITEBYTECODE': '1',
        })
        if set(LANGUAGES) != {'c'}:
            env['GI_TYPELIB_PATH'] = str(self.only('Ebpf-1.typelib').parent)
            env['GJS_PATH'] = str(self.only('gjs-1.0/overrides/Ebpf.js').parent.parent)
            env['PYTHONPATH'] = str(self.only('gi/overrides/Ebpf.py').parent.parent.parent)
        if 'vala' in LANGUAGES:
            data = self.only('vala/vapi/ebpf-core-1.vapi').parent.parent.parent
            env['XDG_DATA_DIRS'] = f'{data}:{env.get("XDG_DATA_DIRS", "/usr/local/share:/usr/share")}'
        self.environment = env

    def only(self, pattern):
        found = [path for path in self.root.rglob(pattern) if path.is_file()]
        assert len(found) == 1, f'{pattern}: {found}'
        return found[0]

    def installed_template(self, language):
        return self.only(f'plugin-template/{language}/addresses.*').parent


def require_bpf(_installation):
    if os.geteuid() != 0:
        raise Skip('only root can make maps')


def in_clean_folder(blocks, installation):
    with tempfile.TemporaryDirectory(prefix='ebpf-guide-') as name:
        follow(blocks, pathlib.Path(name), installation.environment)


def test_plugin_followed(language, installation):
    require_bpf(installation)
    in_clean_folder(PLUGIN.read(language), installation)

    if language == 'c':
        # It was installed to where the library finds it.
        plugins = json.loads(run('ebpfctl', 'plugins', '--json', env=installation.environment))
        (mine,) = [plugin for plugin in plugins if plugin['nick'] == 'addresses']
        assert mine['map_types'] == ['lru-hash'] and mine['error'] is None, mine
        assert mine['path'].startswith(str(installation.root)), mine
        pathlib.Path(mine['path']).unlink()


def test_start_followed(language, installation):
    require_bpf(installation)
    in_clean_folder(START.read(language), installation)


def test_mistakes_are_found(language, installation):
    require_bpf(installation)
    for guide in PLUGIN, START:
        for right, wrong in guide.mistakes if language in guide.sections else ():
            blocks = guide.read(language, right, wrong)
            assert blocks != guide.read(language), f'{right} is not there'
            try:
                in_clean_folder(blocks, installation)
            except Wrong:
                continue
            raise AssertionError(f'"{wrong}" instead of "{right}" was not noticed')


def test_template(language, installation):
    """The template is what the guide shows, and builds as it is."""
    template = installation.installed_template(language)
    files = files_of(PLUGIN.read(language))
    assert {path.name: path.read_text() for path in template.iterdir()} == files, template
    if language != 'c':
        return

    with tempfile.TemporaryDirectory(prefix='ebpf-template-') as name:
        folder = pathlib.Path(name) / 'template'
        shutil.copytree(template, folder)
        run('meson', 'setup', '--werror', folder / '_build', folder, env=installation.environment)
        run('meson', 'compile', '-C', folder / '_build', env=installation.environment)


def main():
    tests = [(f'{name[len("test_"):].replace("_", "-")}/{language}', function, language)
             for name, function in globals().items() if name.startswith('test_') for language in LANGUAGES
             if language in PLUGIN.sections or name in ('test_start_followed', 'test_mistakes_are_found')]
    failed = 0
    print(f'1..{len(tests)}')
    with tempfile.TemporaryDirectory(prefix='ebpf-guide-') as scratch:
        installation = Installation(pathlib.Path(scratch))
        for number, (name, function, language) in enumerate(tests, 1):
            try:
                function(language, installation)
                print(f'ok {number} - {name}', flush=True)
            except Skip as reason:
                print(f'ok {number} - {name} # SKIP {reason}', flush=True)
            except Exception:  # any of them is a failed test
                failed += 1
                print('# ' + traceback.format_exc().strip().replace('\n', '\n# '))
                print(f'not ok {number} - {name}', flush=True)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
