"""Mail as a source: mbox, .eml and folders; a message is known by its id, and attachments are documents."""

import os
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from bakeoff.corpus.sources.mail import MailSettings, MailSource
from bakeoff.corpus.sources.opened import read_sources
from bakeoff.corpus.sources.unread import kept
from bakeoff.errors import InputError


def message(id: str | None, text: str, attachment: str = "", html: bool = False) -> bytes:
    made = EmailMessage()
    made["From"], made["Subject"], made["Date"] = "Ada <ada@example.org>", "Fees", "Mon, 01 Jan 2024 10:00:00 +0000"
    if id:
        made["Message-ID"] = f"<{id}>"
    made.set_content(text, subtype="html" if html else "plain")
    if attachment:
        made.add_attachment(attachment.encode(), maintype="text", subtype="markdown", filename="note.md")
    return made.as_bytes()


def mbox(*messages: bytes) -> bytes:
    return b"".join(
        b"From ada@example.org Mon Jan  1 10:00:00 2024\n" + one.replace(b"\nFrom ", b"\n>From ") + b"\n"
        for one in messages
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "mail"
    (made / "list" / "cur").mkdir(parents=True)
    (made / "in.mbox").write_bytes(
        mbox(message("1@x", "Fees rise.\n\nFrom May on they are 5."), message("2@x", "See it.", "# Note\n\nA seal."))
    )
    (made / "one.eml").write_bytes(message("a/b#c@x", "<p>A <b>walrus</b>.</p>", html=True))
    (made / "list" / "cur" / "17.host:2,S").write_bytes(message("3@x", "Maildir."))
    (made / "readme.txt").write_text("no mail")
    return made


def test_every_message_and_attachment_is_a_document(folder: Path) -> None:
    """Sender, date, subject and text; HTML as in a pilot; the message's own time."""
    changes = MailSource([folder]).changes_since("")
    texts = {one.source: one.text for one in changes.documents}
    assert set(texts) == {"1@x.eml", "2@x.eml", "2@x.eml#note.md", "a%2Fb%23c@x.eml", "3@x.eml"}
    assert texts["1@x.eml"].endswith("Fees rise.\n\nFrom May on they are 5.")
    assert "From: Ada <ada@example.org>" in texts["1@x.eml"] and texts["1@x.eml"].startswith("# Fees")
    assert "A walrus." in texts["a%2Fb%23c@x.eml"]
    assert texts["2@x.eml#note.md"] == "# Note\n\nA seal."
    assert {str(one.updated_at)[:10] for one in changes.documents if "#" not in one.source} == {"2024-01-01"}
    assert changes.problems == ()


def test_a_message_that_moves_is_the_same_document(folder: Path) -> None:
    """Between files and formats; one that is gone is deleted with its attachments; copies are one."""
    source = MailSource([folder])
    cursor = source.changes_since("").cursor
    (folder / "in.mbox").write_bytes(mbox(message("a/b#c@x", "<p>A <b>walrus</b>.</p>", html=True)))
    (folder / "one.eml").unlink()
    (folder / "two.eml").write_bytes(message("1@x", "Fees rise.\n\nFrom May on they are 5."))
    (folder / "copy.eml").write_bytes(message("1@x", "Fees rise.\n\nFrom May on they are 5."))
    changes = source.changes_since(cursor)
    assert changes.documents == () and set(changes.deleted) == {"2@x.eml", "2@x.eml#note.md"}


def test_a_message_without_an_id_is_known_by_its_content(folder: Path) -> None:
    """So the same one is not added twice."""
    (folder / "none.eml").write_bytes(message(None, "No id."))
    source = MailSource([folder / "none.eml"])
    first = source.changes_since("")
    assert len(first.documents) == 1 and len(first.documents[0].source) == 36
    assert source.changes_since(first.cursor).documents == ()


def test_a_line_that_begins_with_from_ends_no_message(tmp_path: Path) -> None:
    """Only after an empty line, and with a time: some programs do not quote."""
    (tmp_path / "x.mbox").write_bytes(
        b"From a@x Mon Jan  1 10:00:00 2024\nMessage-ID: <1@x>\nSubject: s\n\n"
        b"Text.\n\nFrom here it is good.\nFrom a 10:00\n"
    )
    documents = MailSource([tmp_path / "x.mbox"]).changes_since("").documents
    assert len(documents) == 1 and "From here it is good." in documents[0].text and "10:00" in documents[0].text


def test_while_a_file_cannot_be_opened_no_mail_is_deleted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its messages may be any of those that are missing."""
    source = MailSource([folder])
    cursor = source.changes_since("").cursor
    opened = Path.open

    def refusing(self: Path, mode: str = "r", **more: Any) -> object:
        if self.name == "in.mbox":
            raise PermissionError(13, "Permission denied")
        return opened(self, mode, **more)

    with monkeypatch.context() as broken:
        broken.setattr(Path, "open", refusing)
        changes = source.changes_since(cursor)
        whole = source.changes_since("")
    assert changes.deleted == () and [one.source for one in changes.problems] == ["in.mbox"]
    assert kept(["1@x.eml", "2@x.eml#note.md"], whole.problems) == ["1@x.eml", "2@x.eml#note.md"]
    (folder / "in.mbox").write_bytes(mbox(message("1@x", "Fees fall.")))
    later = source.changes_since(changes.cursor)
    assert [one.source for one in later.documents] == ["1@x.eml"] and set(later.deleted) == {
        "2@x.eml",
        "2@x.eml#note.md",
    }


def test_what_is_no_mail_is_refused(tmp_path: Path) -> None:
    """A file of another kind, a path that is not there: nothing is taken as deleted. Nor is a run without mail."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "x.pst").write_bytes(b"!BDN")
    for path, match in (("x.pst", "neither an mbox"), ("none", "There is no mail at"), ("empty", "No document could")):
        with pytest.raises(InputError, match=match):
            read_sources([MailSettings(mail=(str(tmp_path / path),))])


def test_an_mbox_that_is_written_only_in_part_loses_nothing(tmp_path: Path) -> None:
    """Wherever it is cut: no mail is deleted, none is replaced by a part of it, and no part is new."""
    whole = mbox(
        message("1@x", "Fees rise."), message("2@x", "Fees fall.\nA lot."), message("3@x", "Note.", "# A\n\nB.")
    )
    path = tmp_path / "in.mbox"
    path.write_bytes(whole)
    source = MailSource([path])
    first = source.changes_since("")
    before = {one.source: one.text for one in first.documents}
    assert not first.problems and len(before) == 4
    for at in range(6, len(whole) - 1):
        path.write_bytes(whole[:at])
        if whole[at - 1 : at + 5] == b"\nFrom ":
            continue  # between two mails: nothing says that there were more
        now, again = source.changes_since(first.cursor), source.changes_since("")
        assert (now.documents, now.deleted) == ((), ()), whole[:at]
        assert set(kept(before, again.problems)) == before.keys()
        assert "middle of a mail" in now.problems[0].reason
        path.write_bytes(whole)
        assert source.changes_since(now.cursor).documents == ()


def test_a_last_mail_without_an_empty_line_is_read(tmp_path: Path) -> None:
    """Some programs write none; while nothing is known of the mail, it is taken as it is, and said."""
    (tmp_path / "in.mbox").write_bytes(mbox(message("1@x", "Fees rise.")).rstrip(b"\n") + b"\n")
    found = MailSource([tmp_path / "in.mbox"]).changes_since("")
    assert [one.source for one in found.documents] == ["1@x.eml"] and len(found.problems) == 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_pipes_in_a_folder_of_mail_are_named_and_not_waited_for(folder: Path) -> None:
    """To open one waits for a writer that never comes."""
    (folder / "cur").mkdir(exist_ok=True)
    for name in ("pipe.eml", "pipe.mbox", "pipe", "cur/1"):
        os.mkfifo(folder / name)
    changes = MailSource([folder]).changes_since("")
    named = {one.source: one.reason for one in changes.problems}
    assert all("not a regular file" in named[name] for name in ("pipe.eml", "pipe.mbox", "pipe", "1"))
    assert changes.documents
    for name in ("pipe.eml", "pipe.mbox"):
        (problem,) = MailSource([folder / name]).changes_since("").problems
        assert "not a regular file" in problem.reason


def test_links_that_lead_out_of_a_folder_of_mail_are_named_and_not_followed(tmp_path: Path) -> None:
    """Whoever may write there could show any file of this machine. A link within the folder is followed."""
    folder, outside = tmp_path / "linked", tmp_path / "outside"
    folder.mkdir()
    outside.mkdir()
    (outside / "secret.eml").write_bytes(message("secret@x", "The SENTINEL is 42."))
    (folder / "file.eml").symlink_to(outside / "secret.eml")
    (folder / "folder").symlink_to(outside, target_is_directory=True)
    (folder / "within.eml").symlink_to(folder / "real.dat")
    (folder / "real.dat").write_bytes(message("within@x", "A letter within."))
    changes = MailSource([folder]).changes_since("")
    assert not any("SENTINEL" in one.text for one in changes.documents)
    assert any("A letter within." in one.text for one in changes.documents)
    found = {one.source for one in changes.problems if one.reason == "a link that leads out of the folder"}
    assert found == {"file.eml", "folder"}
