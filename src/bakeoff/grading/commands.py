"""Commands of a shell, where the order of the words and what follows them counts: git push, kubectl get pods.

Takes texts. Does not know what a command does: two commands may do the same.
"""

import re
from collections.abc import Sequence

from bakeoff.grading.normalise import word_set

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
_WORD = re.compile(r"[a-z0-9./~$_@-][\w./:~$@=+,{}<>*-]*|--?[\w-]+(?:=\S+)?|[|&;<>]{1,2}")
_OPTION = re.compile(r"--?[A-Za-z][\w-]*(?:=\S+)?")
_PROMPT = re.compile(r"^\s*(?:[$#>] +|sudo +)+")
_SMALL = re.compile(r"[a-z][\w.+-]*")
_GOES_ON_WITH_OPTION = re.compile(r"[ \t]+--?[A-Za-z]")
_GOES_ON = re.compile(r"[ \t]+(?:--?[A-Za-z]|&&|\|\|?|>>?|;)")
"""What follows a command that is a part of a longer one: an option, or what joins commands."""


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
        ends = _ends(answer, words, re.IGNORECASE)
        if not ends:
            return "the words of the command do not stand together"
        return "the command goes on" if all(_GOES_ON.match(answer, end) for end in ends) else ""
    if len(words) < 2 or not all(map(_SMALL.fullmatch, words)):
        return ""
    ends = _ends(answer, words)
    return "an option follows" if ends and all(_GOES_ON_WITH_OPTION.match(answer, end) for end in ends) else ""


def _ends(answer: str, words: Sequence[str], flags: int = 0) -> list[int]:
    """Where the words end in the answer, wherever they stand side by side."""
    wanted = r"[ \t]+".join(map(re.escape, words))
    return [found.end() for found in re.finditer(rf"(?<![\w-]){wanted}(?![\w-])", answer, flags)]


def _words(text: str) -> list[str]:
    return _PROMPT.sub("", text.strip(" `\t\n")).split()
