#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes the ELF file that is packed in a bzImage. Usage: extract-vmlinux.py BZIMAGE OUTPUT

Where it is: "The Linux/x86 Boot Protocol" (Documentation/arch/x86/boot.rst), payload_offset and payload_length.
"""

import struct
import subprocess
import sys

UNPACKERS = {
    b'\x1f\x8b': ['gzip', '-dc'],
    b'\xfd7zXZ': ['xz', '-dc'],
    b'\x28\xb5\x2f\xfd': ['zstd', '-dc'],
    b'\x02\x21\x4c\x18': ['lz4', '-dc'],
}


def main(image, output):
    with open(image, 'rb') as file:
        data = file.read()
    if data[0x202:0x206] != b'HdrS':
        sys.exit(f'{image} is no bzImage')

    setup_sectors = data[0x1f1] or 4
    offset, length = struct.unpack_from('<II', data, 0x248)
    start = (setup_sectors + 1) * 512 + offset
    payload = data[start:start + length]
    for magic, command in UNPACKERS.items():
        if payload.startswith(magic):
            break
    else:
        sys.exit(f'{image}: packed in a way that is not known, {payload[:6]!r}')

    # The size that the build adds at the end makes some of them complain, after all is written.
    unpacked = subprocess.run(command, input=payload, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              check=False).stdout
    if not unpacked.startswith(b'\x7fELF'):
        sys.exit(f'{image}: {command[0]} could not unpack it')
    with open(output, 'wb') as file:
        file.write(unpacked)


if __name__ == '__main__':
    main(*sys.argv[1:])
