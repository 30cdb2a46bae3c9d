"""One run in several processes: files that cannot concern each other are analysed apart.

    files ── linked by what they name ── groups ── batches ─┬─ this process ─────────┐
                                                            ├─ another ── outcome ───┼─ one report
                                                            └─ ...     ── outcome ───┘

A batch is read, lowered, analysed and judged by one process alone, so that little is sent between
them: its text there, its findings back.
"""
