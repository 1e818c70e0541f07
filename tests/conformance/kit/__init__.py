# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the conformance tests share: transcripts, agents, the wire, TAP."""
