"""Git repositories as sources: a commit's files, renames, refs; nothing in a repository is run."""

import os
import subprocess
from pathlib import Path

import pytest

from bakeoff.corpus.sources.git import GitSettings
from bakeoff.corpus.sources.git_copy import GitCopy
from bakeoff.corpus.sources.kinds import absolute, settings_of
from bakeoff.errors import BakeoffError, ConfigError, InputError


class Repository:
    """A repository with a work tree."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str) -> str:
        done = subprocess.run(["git", "-C", str(self.root), *arguments], check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def commit(self, **files: str | None) -> str:
        """Writes or removes files; `__` in a name is a slash, and .md is added."""
        for name, text in files.items():
            path = self.root / (name.replace("__", "/") + ".md")
            path.parent.mkdir(parents=True, exist_ok=True)
            if text is None:
                path.unlink()
            else:
                path.write_text(text)
        self.git("add", "--all")
        self.git("-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "--quiet", "--allow-empty", "-m", "x")
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    monkeypatch.setenv("BAKEOFF_CACHE", str(tmp_path / "cache"))
    made = Repository(tmp_path / "repository")
    made.commit(docs__a="# A\n\nWalrus.", docs__b="Seal.", readme="Otter.")
    return made


def test_a_commit_is_read_and_only_what_changed_later(repository: Repository) -> None:
    """A rename is a deletion and a document in one; the same commit is not fetched again."""
    source = GitSettings(git=str(repository.root)).open()
    first = source.changes_since("")
    assert [(one.source, one.text) for one in first.documents] == [
        ("docs/a.md", "# A\n\nWalrus."), ("docs/b.md", "Seal."), ("readme.md", "Otter."),
    ]  # fmt: skip
    assert all(one.updated_at for one in first.documents)
    repository.git("mv", "docs/a.md", "docs/c.md")
    repository.commit(docs__b="Seals.", readme=None)
    changes = source.changes_since(first.cursor)
    assert [(one.source, one.text) for one in changes.documents] == [
        ("docs/b.md", "Seals."), ("docs/c.md", "# A\n\nWalrus."),
    ]  # fmt: skip
    assert set(changes.deleted) == {"docs/a.md", "readme.md"}
    assert source.changes_since(changes.cursor).cursor == changes.cursor


def test_the_same_commit_is_not_fetched_again(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking for the commit is enough."""
    source = GitSettings(git=str(repository.root), ref="main").open()
    cursor = source.changes_since("").cursor
    monkeypatch.setattr(GitCopy, "updated", None)
    again = source.changes_since(cursor)
    assert (again.documents, again.deleted, again.cursor) == ((), (), cursor)


def test_history_that_was_rewritten_is_followed(repository: Repository) -> None:
    """A commit that is gone is no obstacle, nor is a lost cache."""
    source = GitSettings(git=str(repository.root)).open()
    cursor = source.changes_since("").cursor
    repository.git("checkout", "--quiet", "--orphan", "fresh")
    repository.commit(docs__a="Walrus again.", readme=None)
    repository.git("branch", "-M", "main")
    repository.git("reflog", "expire", "--expire=now", "--all")
    repository.git("gc", "--quiet", "--prune=now")
    changes = source.changes_since(cursor)
    assert [one.text for one in changes.documents] == ["Walrus again."] and changes.deleted == ("readme.md",)


def test_branches_tags_and_commits_are_refs(repository: Repository) -> None:
    """Each names the commit that is read."""
    old = repository.git("rev-parse", "HEAD")
    repository.git("tag", "v1")
    repository.git("-c", "user.name=x", "-c", "user.email=x@example.org", "tag", "-a", "v2", "-m", "x")
    repository.git("branch", "kept")
    repository.commit(docs__a="New.")
    for ref, text in {"HEAD": "New.", "main": "New.", "kept": "# A\n\nWalrus.", "v1": "# A\n\nWalrus."}.items():
        documents = GitSettings(git=str(repository.root), ref=ref).open().changes_since("").documents
        assert documents[0].text == text, ref
    repository.git("config", "uploadpack.allowReachableSHA1InWant", "true")
    for ref in ("v2", old):
        documents = GitSettings(git=str(repository.root), ref=ref).open().changes_since("").documents
        assert documents[0].text == "# A\n\nWalrus.", ref


def test_paths_choose_files(repository: Repository) -> None:
    """Folders and globs; what matches nothing is an error, not an empty corpus."""
    some = GitSettings(git=str(repository.root), paths=("docs/a*", "*.md")).open().changes_since("")
    assert [one.source for one in some.documents] == ["docs/a.md", "readme.md"]
    with pytest.raises(InputError, match=r"Nothing in .* matches doc/"):
        GitSettings(git=str(repository.root), paths=("doc/**",)).open().changes_since("")


def test_what_is_no_document_is_counted(repository: Repository) -> None:
    """Code and hidden files are two lines, not one for each; links and LFS pointers are named."""
    for i in range(30):
        (repository.root / f"{i}.py").write_text("pass")
    (repository.root / ".gitignore").write_text("x")
    (repository.root / "link.md").symlink_to("/etc/passwd")
    repository.commit(big="version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n")
    changes = GitSettings(git=str(repository.root)).open().changes_since("")
    assert [one.line for one in changes.problems] == [
        "not read: *.py: 30 files are of kinds that are not read",
        "not read: .*: 1 hidden file is not read",
        "not read: links: symbolic links and submodules are not followed: link.md",
        "not read: big.md: its content is in Git LFS, which is not read",
    ]
    assert not any("root:" in one.text for one in changes.documents)


def test_a_file_whose_name_is_not_utf_8_is_named(repository: Repository) -> None:
    """As any other that is not read."""
    blob = repository.git("hash-object", "-w", "readme.md")
    index = ["git", "-C", str(repository.root), "update-index", "-z", "--index-info"]
    subprocess.run(index, input=f"100644 {blob} 0\t".encode() + b"caf\xe9.md\0", check=True)
    repository.git("-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "--quiet", "-m", "x")
    found = GitSettings(git=str(repository.root)).open().changes_since("")
    assert [(one.source, "cannot be that of a document" in one.reason) for one in found.problems] == [
        ("'caf\ufffd.md'", True)
    ]
    assert len(found.documents) == 3


def test_nothing_in_a_repository_is_run(repository: Repository, tmp_path: Path) -> None:
    """Neither its hooks nor the programs that its configuration names; there is no work tree."""
    ran = tmp_path / "ran"
    script = f"#!/bin/sh\ntouch {ran}\n"
    for name in ("post-checkout", "reference-transaction", "post-merge", "pre-auto-gc"):
        (repository.root / ".git" / "hooks" / name).write_text(script)
        (repository.root / ".git" / "hooks" / name).chmod(0o755)
    program = tmp_path / "program"
    program.write_text(script)
    program.chmod(0o755)
    for key in ("core.fsmonitor", "uploadpack.packObjectsHook", "diff.external"):
        repository.git("config", key, str(program))
    ran.unlink(missing_ok=True)
    assert GitSettings(git=str(repository.root)).open().changes_since("").documents
    assert not ran.exists()
    assert not list((tmp_path / "cache").rglob("*.md"))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"git": "ext::sh -c 'touch x'"}, "is not a folder or an address"),
        ({"git": "--upload-pack=touch x"}, "is not a folder or an address"),
        ({"git": "ftp://example.org/a"}, "is not a folder or an address"),
        ({"git": "https://me:hunter2@example.org/a"}, "holds a password"),
        ({"git": "x", "ref": "--output=x"}, "is not the name of a branch"),
        ({"git": "x", "ref": "a..b"}, "is not the name of a branch"),
    ],
)
def test_addresses_that_could_run_something_are_refused(values: dict[str, str], message: str) -> None:
    """Before git is called."""
    with pytest.raises(ValueError, match=message) as caught:
        settings_of(values)
    assert "hunter2" not in str(caught.value)


def test_what_cannot_be_read_is_said(repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No repository, no such ref, no git."""
    with pytest.raises(InputError, match=r"has no 'nothing'.*\n.*name a branch"):
        GitSettings(git=str(repository.root), ref="nothing").open().changes_since("")
    with pytest.raises(BakeoffError, match=r"The Git repository .* cannot be read: fatal: "):
        GitSettings(git=str(tmp_path / "none")).open().changes_since("")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BakeoffError, match="The program git was not found"):
        GitSettings(git=str(repository.root)).open().changes_since("")


def test_a_key_is_only_in_the_environment_of_git(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """For the host of the address alone, and no redirect takes it elsewhere."""
    monkeypatch.setenv("BAKEOFF_CACHE", str(tmp_path))
    monkeypatch.setenv("HANDBOOK_TOKEN", "hunter2")
    settings = GitSettings(git="https://git.example.org/team/a.git", key_env="HANDBOOK_TOKEN")
    assert "hunter2" not in settings.model_dump_json()
    environment = GitCopy(settings.git, settings.ref, settings.key_env)._environment()
    numbered = {environment[f"GIT_CONFIG_KEY_{i}"]: environment[f"GIT_CONFIG_VALUE_{i}"]
                for i in range(int(environment["GIT_CONFIG_COUNT"]))}  # fmt: skip
    assert (
        numbered["http.https://git.example.org/.extraHeader"] == "Authorization: Basic eC1hY2Nlc3MtdG9rZW46aHVudGVyMg=="
    )
    assert numbered["http.followRedirects"] == "false" and numbered["protocol.ext.allow"] == "never"
    for address, value, message in (
        ("https://git.example.org/a", "", "HANDBOOK_TOKEN is not set"),
        ("http://git.example.org/a", "hunter2", "begin with https only"),
    ):
        monkeypatch.setenv("HANDBOOK_TOKEN", value)
        with pytest.raises(ConfigError, match=message):
            GitCopy(address, "HEAD", "HANDBOOK_TOKEN").remote_commit()


def test_a_relative_path_is_below_the_folder_of_the_configuration(tmp_path: Path) -> None:
    """An address stays as it is."""
    for where in ("https://example.org/a.git", "git@example.org:team/a.git"):
        assert absolute({"git": where}, tmp_path) == {"git": where}
    assert absolute([{"git": "../a"}], tmp_path) == [{"git": f"{tmp_path}/../a"}]


def test_variables_of_another_repository_do_not_count(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as those that git sets for its hooks."""
    monkeypatch.setenv("GIT_DIR", os.devnull)
    monkeypatch.setenv("GIT_INDEX_FILE", os.devnull)
    assert len(GitSettings(git=str(repository.root)).open().changes_since("").documents) == 3


@pytest.mark.parametrize("seconds", ["253402300800", "99999999999999"])
def test_a_commit_whose_date_is_beyond_all_dates_is_read(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, seconds: str
) -> None:
    """Whoever commits may write any number. Its files have no date, then."""
    tree = repository.git("rev-parse", "HEAD^{tree}")
    text = f"tree {tree}\nauthor x <x@example.org> {seconds} +0000\ncommitter x <x@example.org> {seconds} +0000\n\nx\n"
    made = subprocess.run(
        ["git", "-C", str(repository.root), "hash-object", "-t", "commit", "-w", "--stdin", "--literally"],
        input=text, capture_output=True, text=True, check=True,
    )  # fmt: skip
    repository.git("update-ref", "refs/heads/main", made.stdout.strip())
    documents = GitSettings(git=str(repository.root)).open().changes_since("").documents
    assert len(documents) == 3 and all(one.updated_at is None for one in documents)
