"""`make corpus`: fetch the real code that capilint is tried and measured on.

    sources.toml -> corpus/archives/*.tar.?z -> corpus/<package>/<path in the package>

Debian's sources come by apt-get with a source list, state and cache of their own below
`corpus/apt`; nothing system-wide changes. The mirrors are those of this machine's apt. The PyPI
source archives come by pip, which checks the recorded checksum before it looks inside. (pip
then runs the archive's `setup.py` to learn its metadata; it offers no download without that.)

From an archive only the files that mention the API are extracted, and of a Python package all
modules, so that imports resolve. No code of an archive is run here.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from tests.corpus.packages import ARCHIVES, CORPUS, Debian, Package, read_sources

C_SUFFIXES = {".c", ".h", ".cc", ".cpp", ".cxx", ".hh", ".hpp", ".hxx", ".inl"}
LARGEST_FILE = 8 * 1024 * 1024  # bytes; the few files above are generated tables
API_NAME = re.compile(
    rb"Crypt(?:AcquireContext|ReleaseContext|ContextAddRef|AcquireCertificatePrivateKey"
    rb"|(?:Gen|Generate|Derive|Import|Export|Duplicate|Destroy|Delete|Open|GetUser)Key"
    rb"|(?:Create|Finalize)\w*Key|ImportPublicKeyInfo|ImportKeyPair|GenerateKeyPair"
    rb"|GenerateSymmetricKey|(?:Create|Duplicate|Destroy|Finish|Sign)Hash|Hash(?:Data|SessionKey)"
    rb"|(?:Get|Set)(?:Key|Hash|Prov)Param|Encrypt|Decrypt|VerifySignature|GenRandom|FreeObject"
    rb"|(?:Open|Close)AlgorithmProvider|OpenStorageProvider)"
)


class Unavailable(Exception):
    """A part of the corpus cannot be had on this machine; the text says why."""


# ---------------------------------------------------------------- archives


def sha256_of(path: Path) -> str:
    """The checksum of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_fetched(package: Package) -> bool:
    """Whether the recorded archive lies in `corpus/archives`, whole."""
    archive = ARCHIVES / package.archive
    return archive.is_file() and sha256_of(archive) == package.sha256


def fetch_from_pypi(package: Package) -> Path:
    """Download a source archive with pip, held to the recorded checksum."""
    requirements = CORPUS / "requirements.txt"
    pinned = f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n"
    requirements.write_text(pinned, encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--no-binary", ":all:", "--require-hashes", "--requirement", str(requirements)]
    run([*command, "--dest", str(ARCHIVES)], cwd=CORPUS)
    return ARCHIVES / package.archive


class Apt:
    """apt-get with deb-src entries, lists and cache of its own."""

    def __init__(self, debian: Debian) -> None:
        """Write the private source list and read the indexes of the release.

        Raises Unavailable where apt, Debian's key ring or a Debian mirror is missing.
        """
        if not shutil.which("apt-get"):
            raise Unavailable("there is no apt-get here: Debian's sources need Debian or Ubuntu")
        if not debian.keyring.exists():
            raise Unavailable(f"{debian.keyring} is missing: install debian-archive-keyring")
        home = CORPUS / "apt"
        for folder in ("lists/partial", "cache/archives/partial"):
            (home / folder).mkdir(parents=True, exist_ok=True)
        source_list = home / "sources.list"
        source_list.write_text("\n".join(source_entries(debian)) + "\n", encoding="utf-8")
        self._options = [
            *("-o", f"Dir::Etc::sourcelist={source_list}", "-o", "Dir::Etc::sourceparts=-"),
            *("-o", f"Dir::State::lists={home / 'lists'}", "-o", f"Dir::Cache={home / 'cache'}"),
            *("-o", "APT::Sandbox::User=root"),
            # Desktop hooks of the system's apt have nothing to do with a private list.
            *("-o", "APT::Update::Post-Invoke-Success=", "-o", "DPkg::Post-Invoke="),
        ]
        run(["apt-get", *self._options, "--quiet", "update"], cwd=CORPUS)

    def versions(self, package: Package) -> list[str]:
        """The versions of a source package that the mirrors offer."""
        shown = run(["apt-cache", *self._options, "showsrc", package.name], cwd=CORPUS)
        return re.findall(r"^Version: (\S+)$", shown, re.MULTILINE)

    def fetch(self, package: Package) -> Path:
        """Download the upstream archive of a source package; apt checks it by the signed index."""
        wanted = package.name
        if package.version in self.versions(package):
            wanted += f"={package.version}"
        else:
            warn(f"{package.name} {package.version} is gone from the mirror; taking its newest")
        before = set(ARCHIVES.iterdir())
        source = ["source", "--download-only", "--tar-only", "--only-source", wanted]
        run(["apt-get", *self._options, "--quiet", *source], cwd=ARCHIVES)
        archive = ARCHIVES / package.archive
        if archive.exists():
            return archive
        new = [path for path in set(ARCHIVES.iterdir()) - before if ".orig.tar." in path.name]
        tars = sorted(path for path in new if path.suffix != ".asc")
        if not tars:
            raise Unavailable(f"apt-get brought no archive of {package.name}")
        return tars[0]


def source_entries(debian: Debian) -> list[str]:
    """The deb-src lines: this machine's Debian mirrors, with the suites of the wanted release.

    Raises Unavailable where apt is not Debian's own.
    """
    release = dict(
        line.split("=", 1)
        for line in Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
        if "=" in line
    )
    if release.get("ID") != "debian":
        raise Unavailable("this machine's apt names no Debian mirror")
    template = "$(REPO_URI)|$(RELEASE)|$(COMPONENT)"
    entries = set()
    for target in run(["apt-get", "indextargets", "--format", template], cwd=CORPUS).splitlines():
        uri, suite, component = target.split("|")
        codename, _, pocket = suite.partition("-")
        own = codename == release.get("VERSION_CODENAME") and component == "main"
        if own and pocket in {"", "updates", "security"}:
            wanted = suite.replace(codename, debian.release, 1)
            entries.add(f"deb-src [signed-by={debian.keyring}] {uri} {wanted} main")
    if not entries:
        raise Unavailable("this machine's apt names no Debian mirror")
    return sorted(entries)


def run(command: list[str], cwd: Path) -> str:
    """The standard output of a command. Raises Unavailable with its last words when it fails."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        words = "\n".join(done.stderr.strip().splitlines()[-5:])
        raise Unavailable(f"{' '.join(command[:2])} failed:\n{words}")
    return done.stdout


def warn(message: str) -> None:
    """Say what is not as recorded."""
    print(f"warning: {message}", file=sys.stderr, flush=True)


# ---------------------------------------------------------------- extraction


def wanted_files(archive: Path, every_module: bool) -> Iterator[tuple[PurePosixPath, bytes]]:
    """The files worth extracting, by their path below the archive's one top folder."""
    with tarfile.open(archive) as tar:
        for member in tar:
            path = PurePosixPath(*PurePosixPath(member.name).parts[1:])
            is_python = path.suffix == ".py"
            if not member.isfile() or member.size > LARGEST_FILE or ".." in path.parts:
                continue
            if not (is_python or path.suffix.lower() in C_SUFFIXES):
                continue
            file = tar.extractfile(member)
            content = file.read() if file else b""
            if (is_python and every_module) or API_NAME.search(content):
                yield path, content


def extract(package: Package, archive: Path) -> int:
    """Put the files that mention the API into the package's folder; how many there are."""
    stamp = package.folder / ".extracted"
    label = f"{archive.name} {API_NAME.pattern!r}"
    if stamp.exists() and stamp.read_text(encoding="utf-8").splitlines()[0] == label:
        return int(stamp.read_text(encoding="utf-8").splitlines()[1])
    shutil.rmtree(package.folder, ignore_errors=True)
    count = 0
    for path, content in wanted_files(archive, every_module=package.origin == "pypi"):
        target = package.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        count += 1
    package.folder.mkdir(parents=True, exist_ok=True)
    stamp.write_text(f"{label}\n{count}\n", encoding="utf-8")
    return count


def main() -> int:
    """Fetch and extract every package; 0 when the whole corpus is there."""
    debian, packages = read_sources()
    ARCHIVES.mkdir(parents=True, exist_ok=True)
    missing = 0
    apt: Apt | None = None
    for package in packages:
        try:
            if is_fetched(package):
                archive = ARCHIVES / package.archive
            elif package.origin == "pypi":
                archive = fetch_from_pypi(package)
            else:
                apt = apt or Apt(debian)
                archive = apt.fetch(package)
        except Unavailable as reason:
            warn(f"{package.name} {package.version}: {reason}")
            missing += 1
            continue
        if sha256_of(archive) != package.sha256:
            warn(f"{archive.name} is not the archive that was labelled: its lines may differ")
        print(f"{package.name} {package.version}: {extract(package, archive)} files", flush=True)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
