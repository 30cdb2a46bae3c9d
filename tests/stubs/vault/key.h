#pragma once

class Key {
public:
    explicit Key(const HCRYPTKEY &key);
    Key(HCRYPTPROV prov, HCRYPTKEY key);
    ~Key();
    operator HCRYPTKEY() const;

private:
    HCRYPTPROV m_prov;
    HCRYPTKEY m_key;
    bool m_used;
};
