"""A Git repository as a source: `{git: ../handbook, ref: main, paths: [docs/**], labels: [hr]}`.

Takes the settings, gives the files of one commit. Reads blobs from a bare copy in the cache (`git_copy.py`): there is
no work tree, so nothing in the repository is run or checked out.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from pydantic import field_validator

from bakeoff.corpus.sources.by_file import MAX_BYTES, Content, File, changes_by_file, nothing_new
from bakeoff.corpus.sources.endings import clean_names, readable
from bakeoff.corpus.sources.git_copy import Blob, GitCopy
from bakeoff.corpus.sources.settings import SourceSettings, Texts, resolved, without_password
from bakeoff.errors import InputError
from bakeoff.formats.part import UnreadableError
from bakeoff.protocols import Changes
from bakeoff.records import Problem

URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|[^/:]+:(?!$)")
ALLOWED = ("https", "http", "ssh", "git", "file")
LFS = b"version https://git-lfs.github.com/spec/"


class GitSettings(SourceSettings):
    """`git` is a folder or an address; `ref` a branch, a tag or a commit; `paths` are folders, files or globs in it.

    `key_env` names the environment variable that holds a token for an address that begins with https.
    """

    kind: ClassVar[str] = "git"

    git: str
    ref: str = "HEAD"
    paths: Texts = ()
    key_env: str | None = None

    @classmethod
    def absolute(cls, values: Mapping[str, Any], folder: Path) -> dict[str, Any]:
        where = values.get("git")
        return {**values, "git": where if isinstance(where, str) and URL.match(where) else resolved(where, folder)}

    @field_validator("git")
    @classmethod
    def _is_an_address(cls, git: str) -> str:
        scheme = git.partition("://")[0] if "://" in git else ""
        if git.startswith("-") or "::" in git or (scheme and scheme not in ALLOWED) or not git.strip():
            raise ValueError(f"{git!r} is not a folder or an address that begins with one of {', '.join(ALLOWED)}")
        return without_password(git)

    @field_validator("ref")
    @classmethod
    def _is_a_ref(cls, ref: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9_][\w./+@-]*", ref) or ".." in ref or "@{" in ref:
            raise ValueError(f"{ref!r} is not the name of a branch, a tag or a commit")
        return ref

    def open(self, folder: Path | None = None) -> "GitSource":
        return GitSource(GitCopy(self.git, self.ref, self.key_env), self.paths)


class GitSource:
    """The files of a commit as documents. The cursor holds the commit and the hash of every file."""

    def __init__(self, copy: GitCopy, paths: Sequence[str] = ()) -> None:
        self._copy = copy
        self._paths = tuple(paths)

    def changes_since(self, cursor: str) -> Changes:
        """Raises BakeoffError if the program git is missing or the repository cannot be read, InputError if it has no
        such ref, or if no file in it matches `paths`.
        """
        commit = self._copy.remote_commit()
        same = nothing_new(cursor, commit) if commit else None
        if same is not None:
            return same
        with self._copy.updated() as (commit, changed):
            every = list(self._copy.blobs(commit))
            blobs, unclean = clean_names(every, key=lambda blob: blob.name)
            names, problems = readable(blobs, self._paths)
            names = [name for name in names if blobs[name].is_file]
            if self._paths and not cursor and not (names or problems):
                raise InputError(
                    f"Nothing in {self._copy.shown} at {self._copy.ref} matches {', '.join(self._paths)}.",
                    "check paths:; they are below the root of the repository, and ** stands for any number of folders",
                )
            files = [File(name, blobs[name].id) for name in names]

            def read(wanted: Sequence[File]) -> Iterable[Content]:
                return self._read([blobs[file.name] for file in wanted], changed)

            return changes_by_file(cursor, files, read, [*unclean, *problems, *_links(every)], at=commit)

    def _read(self, blobs: Sequence[Blob], changed: datetime | None) -> Iterable[Content]:
        small = [blob for blob in blobs if blob.size <= MAX_BYTES]
        for blob, content in self._copy.contents(small):
            if content.startswith(LFS):
                error = UnreadableError("its content is in Git LFS, which is not read", "put the file itself into Git")
                yield Content(blob.name, error)
            else:
                yield Content(blob.name, content, changed)
        for blob in blobs:
            if blob.size > MAX_BYTES:
                yield Content(blob.name, UnreadableError(f"it is larger than {MAX_BYTES:,} bytes", "split it"))


def _links(blobs: Iterable[Blob]) -> list[Problem]:
    """What is in the tree but is no file. It is one problem, because its names may be those of former files."""
    others = [blob.name for blob in blobs if not blob.is_file]
    if not others:
        return []
    more = f" and {len(others) - 3} more" if len(others) > 3 else ""
    return [
        Problem(
            source="links",
            reason=f"symbolic links and submodules are not followed: {', '.join(others[:3])}{more}",
            remedy="name a submodule as a source of its own",
        )
    ]
