"""Commands of a shell, where the order of the words and what follows them counts: git push, kubectl get pods.

Takes texts. Does not know what a command does: two commands may do the same.
"""

import re

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
    """Why an answer with the words of a command may not state it, '' if it does.

    >>> doubt_of_command("First run `git push`.", "git push"), doubt_of_command("git pull, then push", "git push")
    ('', 'the words of the command do not stand together')
    """
    answer = answer.replace("`", " ")
    wanted = r"[ \t]+".join(map(re.escape, _words(command)))
    places = list(re.finditer(rf"(?<![\w-]){wanted}(?![\w-])", answer, re.IGNORECASE))
    if not places:
        return "the words of the command do not stand together"
    if all(_GOES_ON.match(answer, place.end()) for place in places):
        return "the command goes on"
    return ""


def goes_on_with_option(answer: str, gold: str) -> bool:
    """Whether small words that may be a command are followed by an option wherever they stand: `mytool list --all`."""
    words = _words(gold)
    if len(words) < 2 or not all(re.fullmatch(r"[a-z][\w.+-]*", word) for word in words):
        return False
    wanted = r"[ \t]+".join(map(re.escape, words))
    places = list(re.finditer(rf"(?<![\w-]){wanted}(?![\w-])", answer.replace("`", " ")))
    return bool(places) and all(re.match(r"[ \t]+--?[A-Za-z]", answer[place.end() :]) for place in places)


def _words(text: str) -> list[str]:
    return _PROMPT.sub("", text.strip(" `\t\n")).split()
