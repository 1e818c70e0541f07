# SPDX-License-Identifier: LGPL-2.1-or-later
"""Virtual machines with an agent in them."""
