from __future__ import annotations

import subprocess
import sys

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

import themis
from themis.cli import commands, main

HEAVY = {"pydantic", "sqlalchemy", "scipy", "numpy", "structlog", "asyncio"}
COMMAND = """
    import click
    from themis.errors import SpecIssue, SpecValidationError
    from themis.plugin import CommandDeclaration, PluginInfo, hookimpl

    @hookimpl
    def themis_plugin():
        return PluginInfo()

    @hookimpl
    def themis_commands():
        return [
            CommandDeclaration(name="shiny", implementation="{module}:shiny", version="1"),
            CommandDeclaration(name="dull", implementation="{module}:NAME", version="1"),
        ]

    NAME = "no command"

    @click.command()
    @click.argument("word")
    def shiny(word):
        if word == "bad":
            issues = [SpecIssue("is empty", key="slices", file="a.toml", line=3), SpecIssue("told")]
            raise SpecValidationError("a.toml cannot be used; told", issues=issues)
        if word == "slow":
            raise KeyboardInterrupt
        click.echo(f"shiny {word}")
"""


def loaded_by(code: str) -> set[str]:
    """The modules that a fresh interpreter has after running `code`."""
    probe = f"{code}\nimport sys; print('\\n'.join(sys.modules), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


def program(*arguments: str) -> str:
    return f"from themis.cli import main\nmain({list(arguments)!r}, standalone_mode=False)"


@pytest.mark.parametrize(
    "code",
    ["import themis", program("--help"), program("--version"), "import themis.plugin"],
    ids=["import", "help", "version", "plugin"],
)
def test_it_imports_nothing_heavy(code):
    assert loaded_by(code) & HEAVY == set()


def test_what_plugin_authors_import_is_the_standard_library_pluggy_and_attrs():
    before = loaded_by("")
    names = {name.partition(".")[0] for name in loaded_by("import themis.plugin") - before}
    assert names - set(sys.stdlib_module_names) == {"themis", "attr", "attrs", "pluggy"}


def test_help_imports_no_command():
    modules = {entry.target.partition(":")[0] for entry in commands.COMMANDS.values()}
    assert loaded_by(program("--help")) & modules == set()


def test_help_lists_every_command_of_the_table():
    shown = CliRunner().invoke(main, ["--help"]).stdout
    assert all(name in shown and entry.help in shown for name, entry in commands.COMMANDS.items())


@pytest.mark.parametrize("name", commands.COMMANDS)
def test_every_command_of_the_table_exists_and_has_help(name):
    result = CliRunner().invoke(main, [name, "--help"])
    assert (result.exit_code, result.stderr) == (0, "")
    assert f"Usage: main {name}" in result.stdout


def test_the_version_is_printed():
    assert CliRunner().invoke(main, ["--version"]).stdout == f"themis {themis.__version__}\n"


def test_an_unknown_command_names_the_nearest_and_is_bad_usage(site):
    result = CliRunner().invoke(main, ["plugns"])
    assert result.exit_code == 2
    assert "Error: there is no command 'plugns'; did you mean 'plugins'?" in result.stderr


def test_a_plugins_command_runs(site):
    site.install("shiny-one", COMMAND)
    assert CliRunner().invoke(main, ["shiny", "thing"]).stdout == "shiny thing\n"


def test_a_plugins_command_that_is_none_says_so(site):
    site.install("shiny-one", COMMAND)
    result = CliRunner().invoke(main, ["dull"])
    assert result.exit_code == 2
    assert result.stderr.startswith("error: command shiny-one/dull@1: ")
    assert result.stderr.endswith(":NAME is no click command\n")


def test_an_unknown_command_mentions_plugins_that_are_not_in_use(site):
    site.install("broken-one", "raise RuntimeError")
    result = CliRunner().invoke(main, ["zzz"])
    assert "(not in use: broken-one; see 'themis plugins list')" in result.stderr


def test_an_error_is_shown_with_its_findings_and_without_a_traceback(site):
    site.install("shiny-one", COMMAND)
    result = CliRunner().invoke(main, ["shiny", "bad"])
    assert result.exit_code == 2
    assert result.stderr == ("error: a.toml cannot be used; told\n  a.toml:3: slices: is empty\n")


def test_the_shell_completes_commands_without_importing_them():
    completion = ShellComplete(main, {}, "themis", "_THEMIS_COMPLETE")
    found = {item.value: item.help for item in completion.get_completions([], "plug")}
    assert found == {"plugins": commands.COMMANDS["plugins"].help}


def test_completing_after_an_unknown_command_offers_no_commands_of_it():
    completion = ShellComplete(main, {}, "themis", "_THEMIS_COMPLETE")
    assert completion.get_completions(["nope"], "--js") == []


def test_the_package_runs_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "themis", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"themis {themis.__version__}\n"


def test_the_program_gives_bash_its_completion():
    done = subprocess.run(
        [sys.executable, "-c", "from themis.cli import main; main(prog_name='themis')"],
        env={"_THEMIS_COMPLETE": "bash_complete", "COMP_WORDS": "themis res", "COMP_CWORD": "1"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "plain,resume\n"


def test_help_has_examples_and_exit_codes():
    shown = CliRunner().invoke(main, ["--help"]).stdout
    assert "themis run benchmark.toml" in shown
    assert "130 interrupted" in shown


def test_ctrl_c_before_a_run_has_begun_has_the_exit_code_of_one_within(site):
    site.install("shiny-one", COMMAND)
    result = CliRunner().invoke(main, ["shiny", "slow"])
    assert (result.exit_code, result.stderr) == (130, "interrupted\n")
