"""The corpus as data: which packages, which archives, where they lie once fetched."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CORPUS = ROOT / "corpus"
ARCHIVES = CORPUS / "archives"


@dataclass(frozen=True, slots=True)
class Package:
    """One source package and the checksum of its archive."""

    origin: Literal["debian", "pypi"]
    name: str
    version: str
    archive: str
    sha256: str

    @property
    def folder(self) -> Path:
        """Where its files that mention the API are extracted to."""
        return CORPUS / self.name


@dataclass(frozen=True, slots=True)
class Debian:
    """The Debian release that the sources are taken from, and the key ring that signs it."""

    release: str
    keyring: Path


def read_sources(path: Path = HERE / "sources.toml") -> tuple[Debian, list[Package]]:
    """The corpus as `sources.toml` describes it."""
    with path.open("rb") as file:
        data = tomllib.load(file)
    debian = Debian(data["debian"]["release"], Path(data["debian"]["keyring"]))
    return debian, [Package(**entry) for entry in data["package"]]
