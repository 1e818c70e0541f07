# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests and figures of freezing on loop mounts share."""
