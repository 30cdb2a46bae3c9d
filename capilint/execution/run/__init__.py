"""`capilint run`: a program with the model in place of advapi32, watched by the monitor.

The program runs in a child process, which it may crash; what was seen so far is in the journal.

    launch ── child process ─┬─ python_program ── fake_ctypes, fake_cffi, pywin32 ─┐
       │                     ├─ c_program ─┬─ glue ────────────────────────────────┤
       │                     └─ cpp_program ─┘   compile, headers                  │
       │                                                                       marshal
    findings ◄── journal (a file of JSON lines) ◄── record ◄── monitor ◄── Machine ┘
"""
