"""`capilint validate`: functions run on the model along every path, against the linter's word.

    ir.Function ── Walker, one path at a time ── Machine ── Monitor ─► mistakes ─┐
                                                                                 ├─ compare
    engine ──────────────────────────────────────────────────────► findings ─────┘

The walker shares nothing with the engine: no merging, no summaries, no abstraction. It follows
one path with concrete values; what is not known is one `Opaque` value, about which each question
is answered both ways, on two paths, and the same way throughout a path. Code that it cannot run
(an unknown function, a container) makes the function `not runnable`.
"""
