"""A bare copy of a Git repository in the cache: fetches one commit, lists its files, reads their contents.

Takes an address and a ref. Runs the program `git` without hooks, work tree, submodules or a prompt, and with no other
protocols than https, http, ssh, git and file. Knows no document.
"""

import base64
import hashlib
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

from bakeoff.errors import BakeoffError, ConfigError, InputError
from bakeoff.files.cache import cache_folder
from bakeoff.files.locks import held
from bakeoff.formats.values import time_of

TIMEOUT_S = 900
PLAIN = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
SETTINGS = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "protocol.allow": "never",
    **{f"protocol.{name}.allow": "always" for name in ("https", "http", "ssh", "git", "file")},
    "protocol.ext.allow": "never",
    "fetch.recurseSubmodules": "false",
    "submodule.recurse": "false",
    "transfer.bundleURI": "false",
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "60",
}
OF_ANOTHER = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES")
"""Variables that a hook of another repository sets for its children."""
NO_SUCH_REF = ("couldn't find remote ref", "not our ref", "no such remote ref", "invalid refspec")


class Blob(NamedTuple):
    """An entry of a tree. `is_file` is false for symbolic links and submodules."""

    name: str
    id: str
    size: int
    is_file: bool


class GitCopy:
    """The copy of one ref of a repository. `shown` names the repository in messages."""

    def __init__(self, address: str, ref: str = "HEAD", key_env: str | None = None) -> None:
        self.shown = address
        self.ref = ref
        self._address = address
        self._key_env = key_env
        self._folder = cache_folder() / "git" / hashlib.sha256(f"{address}\0{ref}".encode()).hexdigest()[:20]

    def remote_commit(self) -> str:
        """The commit that the ref names now; empty if only fetching it can tell (a tag with a message, a commit)."""
        if PLAIN.fullmatch(self.ref):
            return self.ref
        lines = self._git("ls-remote", "--quiet", "--", self._address, self.ref, f"refs/heads/{self.ref}").splitlines()
        found = dict(line.split("\t", 1)[::-1] for line in lines if "\t" in line)
        branch = found.get("HEAD" if self.ref == "HEAD" else f"refs/heads/{self.ref}", "")
        is_ambiguous = self.ref != "HEAD" and (f"refs/tags/{self.ref}" in found or self.ref in found)
        return "" if is_ambiguous else branch

    @contextmanager
    def updated(self) -> Iterator[tuple[str, datetime | None]]:
        """The commit of the ref, fetched now, and its time: None for one beyond all dates.

        Within the block no other process changes the copy.

        Raises BakeoffError if the repository cannot be reached, InputError if it has no such ref.
        """
        busy = BakeoffError(f"Another process reads {self.shown} at the moment.", "try again when it is done")
        try:
            self._folder.parent.mkdir(parents=True, exist_ok=True)
            lock = held(self._folder.with_suffix(".lock"), busy)
            with lock:
                if not (self._folder / "HEAD").exists():
                    self._git("init", "--quiet", "--bare", "--template=", str(self._folder))
                target = "refs/bakeoff/read"
                self._git(
                    *("fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head"),
                    *("--depth=1", "--force", "--update-shallow", "--", self._address, f"+{self.ref}:{target}"),
                    within=True,
                )
                line = self._git("log", "-1", "--format=%H %ct", f"{target}^{{commit}}", within=True)
                commit, _, seconds = line.strip().partition(" ")
                yield commit, time_of(int(seconds)) if seconds.isdigit() else None
        except OSError as error:
            raise BakeoffError(
                f"The copy of {self.shown} cannot be written to {self._folder} ({error.strerror}).",
                "free disk space, or set BAKEOFF_CACHE to another folder",
            ) from error

    def blobs(self, commit: str) -> Iterator[Blob]:
        """Every entry in the tree of the commit, in order. A name that is not UTF-8 has � in it."""
        for entry in self._git("ls-tree", "-r", "-l", "-z", "--full-tree", commit, within=True).split("\0"):
            about, _, name = entry.partition("\t")
            if name:
                mode, _, id, size = about.split()
                yield Blob(name, id, int(size) if size.isdigit() else 0, mode.startswith("100"))

    def contents(self, blobs: Sequence[Blob]) -> Iterator[tuple[Blob, bytes]]:
        """The content of each, in order."""
        if not blobs:
            return
        with self._started("cat-file", "--batch") as process:
            assert process.stdin and process.stdout
            for blob in blobs:
                process.stdin.write(f"{blob.id}\n".encode())
                process.stdin.flush()
                header = process.stdout.readline().split()
                if len(header) != 3:
                    raise BakeoffError(
                        f"The copy of {self.shown} is damaged: {blob.name} is not in it.", f"delete {self._folder}"
                    )
                yield blob, process.stdout.read(int(header[2]))
                process.stdout.read(1)

    @contextmanager
    def _started(self, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        command = [*self._command(), *arguments]
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=self._environment()
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    def _command(self) -> list[str]:
        return ["git", f"--git-dir={self._folder}"]

    def _git(self, *arguments: str, within: bool = False) -> str:
        """What a command of git prints. Raises BakeoffError with what it says if it fails."""
        command = [*(self._command() if within else ["git"]), *arguments]
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=TIMEOUT_S,
                env=self._environment(),
                start_new_session=True,  # without a terminal, nothing that git starts can ask for a password
            )
        except FileNotFoundError as error:
            raise BakeoffError(
                f"The program git was not found, and {self.shown} is a Git repository.",
                "install git, or copy the files into a folder and name that",
            ) from error
        except subprocess.TimeoutExpired as error:
            raise BakeoffError(
                f"git did not finish within {TIMEOUT_S} seconds for {self.shown}.", "check the network and try again"
            ) from error
        if done.returncode:
            raise self._failure(done.stderr.decode(errors="replace"))
        return done.stdout.decode(errors="replace")

    def _failure(self, said: str) -> BakeoffError:
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        why = next(
            (line for line in lines if line.startswith(("fatal:", "error:"))), lines[-1] if lines else "no reason"
        )
        if any(words in said for words in NO_SUCH_REF):
            return InputError(
                f"{self.shown} has no {self.ref!r} ({why}).", "name a branch, a tag or a commit with ref:"
            )
        remedy = "check the address, and that git can read it without asking for a password"
        return BakeoffError(f"The Git repository {self.shown} cannot be read: {why}.", f"{remedy} (key_env: for https)")

    def _environment(self) -> dict[str, str]:
        """The environment of a safe run. A key is handed over in it, so that no list of processes shows it."""
        settings = dict(SETTINGS)
        if self._key_env:
            settings |= self._key(self._key_env)
        numbered = {"GIT_CONFIG_COUNT": str(len(settings))}
        for number, (key, value) in enumerate(settings.items()):
            numbered |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
        inherited = {key: value for key, value in os.environ.items() if key not in OF_ANOTHER}
        return {**inherited, **numbered, "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}

    def _key(self, variable: str) -> dict[str, str]:
        key = os.environ.get(variable, "").strip()
        if not key:
            raise ConfigError(
                f"The source git {self.shown} needs a key, but the environment variable {variable} is not set.",
                f"set it (export {variable}=...), or remove key_env if the repository is public",
            )
        host = re.match(r"https://[^/]+/", self._address)
        if not host:
            raise ConfigError(
                f"key_env is sent to addresses that begin with https only (found {self.shown}).",
                "remove key_env; ssh uses its own keys",
            )
        basic = base64.b64encode(f"x-access-token:{key}".encode()).decode()
        return {f"http.{host[0]}.extraHeader": f"Authorization: Basic {basic}", "http.followRedirects": "false"}
