"""RC4, so that the model needs no package for the cipher that old code likes best."""

from __future__ import annotations


class RC4:
    """A running key stream; encryption and decryption are the same."""

    def __init__(self, key: bytes) -> None:
        """The key schedule for a key of 1 to 256 bytes."""
        self._state = list(range(256))
        self._i = self._j = j = 0
        for i in range(256):
            j = (j + self._state[i] + key[i % len(key)]) & 0xFF
            self._state[i], self._state[j] = self._state[j], self._state[i]

    def copy(self) -> RC4:
        """A second stream at the same position."""
        other = object.__new__(RC4)
        other._state, other._i, other._j = list(self._state), self._i, self._j
        return other

    def crypt(self, data: bytes) -> bytes:
        """Runs data through the stream, which moves on."""
        state, i, j = self._state, self._i, self._j
        out = bytearray()
        for byte in data:
            i = (i + 1) & 0xFF
            j = (j + state[i]) & 0xFF
            state[i], state[j] = state[j], state[i]
            out.append(byte ^ state[(state[i] + state[j]) & 0xFF])
        self._i, self._j = i, j
        return bytes(out)
