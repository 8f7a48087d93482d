"""Commands of a shell, where the order of the words and what follows them counts: git push, kubectl get pods.

Takes texts. Does not know what a command does: two commands may do the same.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from bakeoff.grading.normalise import word_set
from bakeoff.grading.rows import is_row

_PROGRAMS = word_set("""
    ansible ansible-playbook apk apt apt-get argocd aws az bash brew bundle bundler bzip2 cargo cd certbot chgrp
    chmod chown cmake conda cp crontab curl docker docker-compose dpkg ffmpeg gcc gcloud gds gh git glab gpg
    gradle grep gzip helm heroku hg ifconfig iptables java javac journalctl jq killall kubectl kubectx kubens
    kustomize ls lsof minikube mkdir mongo mongosh mv mvn mysql mysqldump netstat nginx nohup npm npx nvm
    openssl pacman pg_dump pg_restore php pip pip3 pipx pkill pnpm podman psql pulumi python python3 rails rake
    rbenv redis-cli restic rm rmdir rsync ruby rustc rustup scp sed sftp ssh ssh-add ssh-copy-id ssh-keygen sudo
    svn sysctl systemctl tar tcpdump terraform terragrunt tmux traceroute ufw umount uv uvicorn vagrant vi vim
    virtualenv wget xargs yarn yum zsh
""")
"""Names of programs that are no ordinary English words."""
_MOST_WORDS = 12
_MOST_PLACES = 50
"""So many times that the command stands in an answer are looked at, each with so many signs before it."""
_LONG = 200
_WORD = re.compile(r"[a-z0-9./~$_@-][\w./:~$@=+,{}<>*-]*|--?[\w-]+(?:=\S+)?|[|&;<>]{1,2}")
_OPTION = re.compile(r"--?[A-Za-z][\w-]*(?:=\S+)?")
_PROMPT = re.compile(r"^\s*(?:[$#>] +|sudo +)+")
_SMALL = re.compile(r"[a-z][\w.+-]*")
_GOES_ON_WITH_OPTION = re.compile(r"[ \t]+--?[A-Za-z]")
_GOES_ON = re.compile(r"[ \t]*(?:[ \t]--?[A-Za-z]|&|\||>|<(?!/|br\b)|[ \t];|\\\s*\n|[ \t]\$[({\w]|\d>)")
"""What follows a command that is a part of a longer one: an option, a part in another line, or what joins commands."""
_SECOND = re.compile(r"[ \t]*;[ \t]*([^\s`]*)([^`\n]*)")
_RUNS_OTHERS = word_set("""
    echo printf time exec eval env man which whereis alias timeout builtin nohup
""")
"""What makes something else of the command behind it: 'echo git push' only prints it."""
_JOINED_BEFORE = re.compile(r"(?:&|\||\$\(|[<>]\(|\w=\S*)\s*$")


def is_command(text: str) -> bool:
    """Whether the text is a command of two words or more: a known program and its words, or words with an option.

    >>> [is_command(text) for text in ("git push", "kubectl get pods -n apps", "mytool run --fast", "`mytool list`")]
    [True, True, True, True]
    >>> [is_command(text) for text in ("push it to git", "low battery", "git", "Docker Compose", "free -5")]
    [False, False, False, False, False]
    """
    in_code = re.fullmatch(r"\s*`[^`]+`\s*", text) is not None
    words = _words(text)
    if not 2 <= len(words) <= _MOST_WORDS or not all(map(_WORD.fullmatch, words)):
        return False
    is_program = re.fullmatch(r"[a-z][a-z0-9_.+-]*", words[0]) is not None
    return is_program and (in_code or words[0] in _PROGRAMS or any(map(_OPTION.fullmatch, words[1:])))


def doubt_of_command(answer: str, command: str) -> str:
    """Why an answer with the words of a command may not state it, '' if it does, or if it is no command.

    Small words that may be a command of an unknown program are none that goes on with an option.

    >>> doubt_of_command("First run `git push`.", "git push"), doubt_of_command("git pull, then push", "git push")
    ('', 'the words of the command do not stand together')
    >>> doubt_of_command("mytool list --all", "mytool list")
    'an option follows'
    """
    words = _words(command)
    if is_command(command):
        places = list(islice(_places(answer, words, re.IGNORECASE), _MOST_PLACES))
        if not places:
            return "the words of the command do not stand together"
        in_row = is_row(answer)
        others = [_goes_on(answer, place.end(), in_row) for place in places]
        if all(others):
            return "the command goes on"
        if all(
            goes_on or _begins_before(answer, at.start(), in_row) for goes_on, at in zip(others, places, strict=True)
        ):
            return "it is a part of another command"
        return "another command stands beside it" if _other_command(answer, words) else ""
    if len(words) < 2 or not all(map(_SMALL.fullmatch, words)):
        return ""
    ends = _ends(answer, words)
    return "an option follows" if ends and all(_GOES_ON_WITH_OPTION.match(answer, end) for end in ends) else ""


def _goes_on(answer: str, end: int, in_row: bool) -> bool:
    """Whether the command that ends here is the beginning of a longer one, or a second one follows in its line."""
    found = _GOES_ON.match(answer, end)
    if found and not (in_row and found[0].strip() == "|"):
        return True
    second = _SECOND.match(answer, end, end + _LONG)
    return second is not None and (
        second[1].lower() in _PROGRAMS | _RUNS_OTHERS
        or not second[0].strip(" \t;")
        or any(map(_OPTION.fullmatch, second[2].split()))
    )


def _begins_before(answer: str, start: int, in_row: bool) -> bool:
    """Whether the command that starts here is what another one prints, runs or reads, in the same line."""
    line = answer[max(answer.rfind("\n", 0, start) + 1, start - _LONG) : start]
    before = line.rsplit("`", 1)[1] if line.count("`") % 2 else line
    before = _PROMPT.sub("", before).rstrip("\"' \t")
    if in_row:
        before = before.rsplit("|", 1)[-1].strip()
    if not before:
        return False
    words = before.split()
    opens = words[0] in _PROGRAMS | _RUNS_OTHERS and all(map(_WORD.fullmatch, words))
    return opens or words[-1] in _PROGRAMS or _JOINED_BEFORE.search(before) is not None


def _other_command(answer: str, words: Sequence[str]) -> bool:
    """Whether another line of the answer is a command, too."""
    lines = [line for line in answer.split("\n") if line.strip(" `\t")]
    return len(lines) > 1 and any(is_command(line) and not _ends(line, words, re.IGNORECASE) for line in lines)


def _ends(answer: str, words: Sequence[str], flags: int = 0) -> list[int]:
    """Where the words end in the answer, wherever they stand side by side."""
    return [found.end() for found in _places(answer, words, flags)]


def _places(answer: str, words: Sequence[str], flags: int = 0) -> Iterator[re.Match[str]]:
    wanted = r"[ \t]+".join(map(re.escape, words))
    return re.finditer(rf"(?<![\w-]){wanted}(?![\w-])", answer, flags)


def _words(text: str) -> list[str]:
    return _PROMPT.sub("", text.strip(" `\t\n")).split()
