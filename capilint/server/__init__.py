"""The language server: what `check` finds, in an editor while people type.

    editor ── pygls ── service ─┬─ workspace ── open texts over files ── check ── Checked
                                │                                                    │
                                ├─ jobs: one analysis at a time, in a thread         │
                                └─ diagnostics, hover, actions ◀─────────────────────┘

Only `service` and what turns findings into the protocol's values import pygls and lsprotocol,
which are an extra: `pip install 'capilint[lsp]'`.
"""
