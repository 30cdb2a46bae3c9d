"""Edits that mend findings: proposed from a file's syntax, tried by checking the edited text again.

    Finding ── drafts ──► Draft ── applied in memory ──► check ──► judge ─┬─ holds ──► Fix
       ▲   (C family, Python)                             (Bench)        ├─ the handle leaks
       └───────────── the finding that is left ◀──────────────────────────┘  elsewhere: go on

What a draft says need not be right: only what holds is told, and what holds is judged by the
checker itself (nothing new is found, and no handle is lost sight of) and by the runtime model.
Several files, or findings of one file, are mended one after the other.
"""
