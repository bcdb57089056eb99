/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* No program and no map. */

int _;
