"""Commands that messages suggest can be copied: they name the deployment, and the folder that was given."""

from pathlib import Path

import pytest

from bakeoff.cli.options import command_for, copyable, copyable_errors
from bakeoff.errors import InputError, RunFolderError
from bakeoff.serve.find import find_deployment


def test_a_command_names_the_folder_only_where_it_was_given():
    """In quotes where the shell needs them."""
    assert command_for("learn", "shop") == "bakeoff learn shop"
    assert command_for("approve", "my shop", Path("else where"), "3 --by NAME") == (
        "bakeoff approve 'my shop' 3 --by NAME --deployments 'else where'"
    )


def test_commands_in_a_text_name_the_deployment():
    """Every one of them; another name that begins alike is left alone."""
    text = "bakeoff review shop, then: bakeoff learn shop; bakeoff learn shop-2"
    assert copyable(text, "shop", Path("d"), called="shop") == (
        "bakeoff review shop --deployments d, then: bakeoff learn shop --deployments d; bakeoff learn shop-2"
    )


def test_errors_within_a_command_name_its_deployment():
    with pytest.raises(InputError) as error, copyable_errors("shop", Path("d")):
        raise InputError("There is nothing new.", "review questions first: bakeoff review DEPLOYMENT")
    assert error.value.remedy == "review questions first: bakeoff review shop --deployments d"


def test_a_deployment_that_is_missing_is_made_where_it_was_looked_for(tmp_path):
    with pytest.raises(RunFolderError) as error:
        find_deployment("shop", tmp_path)
    assert error.value.remedy == f"make one from a run: bakeoff serve RUN --deployments {tmp_path}"
