# SPDX-License-Identifier: LGPL-2.1-or-later
"""A libvirtd of the tests' own, and domains."""
