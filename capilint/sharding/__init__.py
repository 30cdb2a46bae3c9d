"""One run on several machines: each analyses a shard of the tree, one joins what they found.

    files ── linked by what they name ── groups ── dealt by name ─┬─ shard 1 ── part ─┐
                                                                  ├─ shard 2 ── part ─┼─ merged
                                                                  └─ ...     ── part ─┘

Files that may concern each other are one group, so that each shard finds what one run would find.
"""
