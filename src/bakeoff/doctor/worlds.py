"""What contenders need in the folder of a world: their files, tuned models, documents and indexes.

Takes a world and the sums that were measured, gives findings. Loads no model, imports no class of a team's own, and
writes nothing: a store or an index that is missing is not made.
"""

import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path

from bakeoff.catalogue import RECIPES
from bakeoff.contenders.built import Built
from bakeoff.contenders.identities import Identities
from bakeoff.contenders.identity import sums_in
from bakeoff.contenders.needed import needed
from bakeoff.contenders.recipe import Recipe
from bakeoff.contenders.world import WorldFolder
from bakeoff.corpus.place import place_of
from bakeoff.corpus.stores import SQLITE
from bakeoff.doctor.databases import MOST_BYTES, may_not_open, uses_wal
from bakeoff.doctor.looking import Looking
from bakeoff.errors import RunFolderError
from bakeoff.files.unreadable import NOT_READABLE
from bakeoff.retrieval.contents import check_folder
from bakeoff.retrieval.opening import INDEXES
from bakeoff.retrieval.settings import index_folder_name
from bakeoff.tuning.retriever.folders import check_part, is_tuned_part

ELSEWHERE = "bakeoff doctor CONFIG, with the bakeoff.yaml of the run, asks it"
Remedies = Mapping[str, Callable[[Path], str]]
"""What to do for each part (`settings`, `adapter`, `documents`, `index`), by the path of what is missing or damaged."""


def parts(
    look: Looking,
    world: WorldFolder,
    names: Iterable[str],
    measured: Identities,
    compared: Collection[str],
    remedies: Remedies,
    holds: bool = False,
) -> dict[str, Recipe]:
    """Looks at all that these contenders, and those behind them, need. Gives their recipes.

    The parts in `compared` must have the sums that were measured; the others must be there. `holds`: whether documents
    were written into the store. Of classes of a team's own
    only the file of the contender is read.
    """
    is_whole = store(look, world.documents, remedies["documents"], holds)

    def built(name: str) -> Built | None:
        folder = world.contender_folder(name)
        found = look.file(folder / "contender.json", lambda: world.built(name), remedies["settings"](folder))
        return found if found is not None and found.spec.recipe in RECIPES else None

    recipes = needed(world, names, built)
    for recipe in recipes.values():
        _of_one(look, world, recipe, measured, compared, remedies, is_whole)
        for part in filter(None, (recipe.embedder, recipe.reranker)):
            if is_tuned_part(part, world.models):
                folder = world.adapter_folder(part)
                look.at(partial(check_part, folder), remedies["adapter"](folder))
    return recipes


def _of_one(
    look: Looking,
    world: WorldFolder,
    recipe: Recipe,
    measured: Identities,
    compared: Collection[str],
    remedies: Remedies,
    has_documents: bool,
) -> None:
    name = recipe.spec.name
    before = measured.of(name)
    for part, sum_of in sums_in(world, recipe).items():
        if part == "documents" and not (has_documents and part in compared):
            continue
        folder = _folder(world, recipe, part)
        remedy = remedies[part](folder)
        if part == "index" and (place_of(world.documents) is not None or not _has_index(look, folder, remedy)):
            continue
        if part in compared and before is not None and _bytes_in(folder) <= MOST_BYTES:
            found = look.at(sum_of, remedy)
            wanted = getattr(before, part)
            if found is not None and wanted and found != wanted:
                look.add(
                    f"{folder} is not what was measured of '{name}': a part of it is missing or was changed", remedy
                )
        elif part in ("settings", "adapter"):
            look.file(folder, folder.stat, remedy)


def _folder(world: WorldFolder, recipe: Recipe, part: str) -> Path:
    """The folder or file that a part consists of."""
    return {
        "settings": world.contender_folder(recipe.spec.name),
        "adapter": world.adapter_folder(recipe.adapter),
        "documents": world.documents / SQLITE,
        "index": world.documents / INDEXES / index_folder_name(recipe.index),
    }[part]


def _has_index(look: Looking, folder: Path, remedy: str) -> bool:
    return look.at(lambda: check_folder(folder), remedy) is not None


def _bytes_in(folder: Path) -> int:
    paths = [folder] if folder.is_file() else folder.rglob("*")
    return sum(path.stat().st_size for path in paths if path.is_file())


def store(look: Looking, documents: Path, remedy: Callable[[Path], str], holds: bool = False) -> bool:
    """Whether the documents are in a file here that can be read, without making one. That it is whole is another
    check (`databases.files`).
    """
    if look.at(lambda: place_of(documents)) is not None:
        look.note(
            f"The documents are not in {documents} but in a database or a bucket, which was not examined", ELSEWHERE
        )
        return False
    path = documents / SQLITE
    if look.file(path, lambda: uses_wal(path), remedy(path)) is not False:
        return False  # it cannot be read; or to open it would change its journal

    def read() -> int:
        if not path.stat().st_size:
            raise RunFolderError(f"{path} is empty: its documents are lost.")
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=1)) as connection:
            version = int(connection.execute("SELECT version FROM store").fetchone()[0])
        if holds and not version:
            raise RunFolderError(f"{path} has never held a document: those that were read are lost.")
        return version

    try:
        return look.file(path, read, remedy(path)) is not None
    except sqlite3.DatabaseError as error:
        if "locked" not in str(error):
            helps = NOT_READABLE if may_not_open(error) else remedy(path)
            look.add(f"{path} holds no documents that can be read ({error})", helps)
        return False
