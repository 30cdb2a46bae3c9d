// Objects for statuses, which the linter does not see.
#pragma once

struct Outcome {
    explicit Outcome(long status) : m_status(status) {}
    bool ok() const { return m_status >= 0; }
    void set(long status) { m_status = status; }

    long m_status;
};
struct Log {
    void write(long) {}
};
