# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two agents side by side: transcripts, what is compared, and where the agents run."""
