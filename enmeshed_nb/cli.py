"""The command line: `enmeshed-nb up`, `run`, `lab` and what else `enmeshed-nb --help` lists.

A command imports what only it needs, so that the others start at once (papermill alone takes seconds).
"""

import json
import os
import re
import sys
from collections.abc import Callable
from contextlib import nullcontext
from functools import cache, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_args

import click

from enmeshed_nb import extras, layout
from enmeshed_nb.errors import UserError
from enmeshed_nb.localnet import LocalNetwork, NetworkError, local_network
from enmeshed_nb.localnet.faults import KINDS, Place
from enmeshed_nb.localnet.ports import bind
from enmeshed_nb.localnet.settings import (
    DATA_DIR_VARIABLE,
    DEFAULT_CONNECTORS,
    Durability,
    Folder,
    NetworkState,
    Wanted,
    check_name,
    data_dir,
    is_host_name,
)
from enmeshed_nb.progress import Percent, waiting_for

if TYPE_CHECKING:
    from rich.console import Console

    from enmeshed_nb.localnet import NetworkFaults, NetworkSnapshots

FIRST_NOTEBOOK = "00-start-here.ipynb"
PLAYGROUND = "playground.ipynb"
ADMIN_API_KEY_VARIABLE = "ENMESHED_NB_ADMIN_API_KEY"
JUPYTER = Path(__file__).parent / "jupyter"
"""JupyterLab's defaults: it asks no question about news; and the template by which Voilà shows the playground."""
_ALONE = 60
"""After how many seconds without a page a kernel of the playground ends, if its page could not say that it goes."""

PORT = click.IntRange(0, 65535)
Command = TypeVar("Command", bound=Callable[..., Any])


@cache
def console(*, stderr: bool = False) -> "Console":
    """Return what writes to the terminal."""
    extras.require("network", "This command")
    from rich.console import Console

    return Console(stderr=stderr)


def needs(extra: extras.Extra) -> Callable[[Command], Command]:
    """Have a command say so if the extra that it needs is not installed; its help is shown in any case."""

    def checked(command: Command) -> Command:
        @wraps(command)
        def run(*arguments: Any, **options: Any) -> Any:
            _require(extra)
            return command(*arguments, **options)

        return run  # type: ignore[return-value]

    return checked


def _require(extra: extras.Extra) -> None:
    extras.require(extra, f"`{click.get_current_context().command_path}`")


def data_dir_option(command: Command) -> Command:
    """Give a command the option `--data-dir`."""
    text = f"The network's folder (default: ${DATA_DIR_VARIABLE}, else the platform's user data folder)."
    return click.option("--data-dir", type=click.Path(path_type=Path), help=text)(command)


def profile_option(command: Command) -> Command:
    """Give a command the option `--profile`."""
    text = "Use your own Connectors: those of this profile (see `profiles`).  [default: $ENMESHED_NB_PROFILE]"
    return click.option("--profile", metavar="NAME", help=text)(command)


def connector_names(value: str) -> list[str]:
    """Read the value of `--connectors`: names separated by commas, or how many Connectors.

    Raises:
        NetworkError: the value is neither.
    """
    if re.fullmatch(r"\d+", value.strip()):
        number = int(value)
        if not 1 <= number <= 50:
            raise NetworkError(f"--connectors {value}: the number must be between 1 and 50.")
        more = [f"connector-{index}" for index in range(len(DEFAULT_CONNECTORS) + 1, number + 1)]
        return [*DEFAULT_CONNECTORS, *more][:number]
    names = [name.strip() for name in value.split(",")]
    for name in names:
        check_name(name)
    if len(set(names)) != len(names):
        raise NetworkError(f"--connectors {value}: a name stands twice.")
    return names


class Commands(click.Group):
    """The commands; what they raise on purpose becomes one message and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except UserError as error:
            color = False if os.environ.get("NO_COLOR") else None  # None: if it is a terminal
            click.echo(f"{click.style('Error:', fg='red')} {error}", err=True, color=color)
            sys.exit(1)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="enmeshed-nb")
def main() -> None:
    """A local enmeshed network on the real Runtime, and the notebooks that run on it."""


@main.command()
@click.option(
    "--connectors", help="Names of Connectors, separated by commas, or how many.  [default: sender,recipient]"
)
@click.option("--config", type=click.Path(path_type=Path), help="JSON file with the Connectors' own configuration.")
@click.option(
    "--durability",
    type=click.Choice(get_args(Durability)),
    help="What stored data survive: a kill of the processes, or a power failure, too (slower).  [default: as before; "
    "at first process]",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: addresses, API keys, process.")
@data_dir_option
@needs("network")
def up(
    connectors: str | None, config: Path | None, durability: Durability | None, as_json: bool, data_dir: Path | None
) -> None:
    """Start (or join) a network in the background.

    Returns when it is healthy; the exit code is 1 if it is not.
    """
    folder = Folder(_data_dir(data_dir))
    if connectors is not None and config is not None:
        raise click.UsageError("--connectors and --config exclude each other: the file names the Connectors, too.")
    wanted = Wanted.from_config(config) if config else Wanted(connectors={})
    if connectors is not None:
        wanted = Wanted(connectors={name: {} for name in connector_names(connectors)})
    with waiting_for("the local network") as tell:
        opened = LocalNetwork.open(
            data_dir,
            connectors=wanted.connectors or None,
            backbone_port=wanted.backbone_port,
            backbone_hosts=wanted.backbone_hosts,
            keep=True,
            durability=durability,
            progress=tell,
        )
    with opened:
        health = _health(opened.state)
        if not any(health.values()) and not local_network.running(data_dir):
            raise NetworkError("The network was stopped while it started.", f"Start it again: {folder.command('up')}")
        for note in opened.state.notes:
            console(stderr=True).print(f"Note: {note}", highlight=False, markup=False, soft_wrap=True)
        if as_json:
            click.echo(json.dumps(opened.state.public(), indent=2))
        else:
            _print_state(opened.state, health)
    if not all(health.values()):
        from enmeshed_nb.health import of_network

        ill = "\n".join(f"{part.name}: {part.problem}" for part in of_network(opened.state).parts if part.problem)
        raise NetworkError(f"The network is up, but not healthy.\n{ill}", f"Look at: {folder.command('logs')}")


@main.command()
@click.option("--force", is_flag=True, help="Kill its processes if it does not answer.")
@data_dir_option
@needs("network")
def down(force: bool, data_dir: Path | None) -> None:
    """Stop the network, also while it starts; its data stays."""
    stopped = local_network.stop(data_dir, force=force)
    console().print("The network is stopped; its data stays." if stopped else "No network runs here.")


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; `running` tells whether a network runs.")
@data_dir_option
@needs("network")
def status(as_json: bool, data_dir: Path | None) -> None:
    """Show what runs where, and how it is.

    The exit code is 1 if nothing runs or something is unhealthy.
    """
    folder = Folder(_data_dir(data_dir))
    try:
        state = local_network.running(data_dir)
    except NetworkError as error:
        if not as_json:
            raise
        click.echo(json.dumps({"running": False, "dataDir": str(folder.path), "failure": str(error)}, indent=2))
        sys.exit(1)
    health = _health(state) if state else {}
    healthy = bool(state) and all(health.values())
    if as_json:
        failure = None if state else folder.load_failure()
        rest = {"failure": str(failure) if failure else None} if not state else {"health": health, "kept": state.kept}
        if state:
            rest |= {"clockAhead": state.clock_ahead, "faults": [each.public() for each in state.faults]}
        facts = state.public() if state else {"dataDir": str(folder.path)}
        click.echo(json.dumps({"running": bool(state), **facts, **rest}, indent=2))
    elif state:
        _print_state(state, health)
    else:
        nothing = f"No network runs in {folder.path}. Start one: {folder.command('up')}"
        console().print(nothing, markup=False, soft_wrap=True)
        if failure := folder.load_failure():
            console().print(f"The last one stopped by itself at {failure.at:%Y-%m-%d %H:%M:%S} UTC: ", end="")
            console().print(str(failure), markup=False, highlight=False, soft_wrap=True)
    sys.exit(0 if healthy else 1)


@main.group(invoke_without_command=True)
@data_dir_option
@click.pass_context
@needs("network")
def clock(context: click.Context, data_dir: Path | None) -> None:
    """Print the network's time; `clock advance` moves it.

    Requests, templates, tokens and deletion periods expire by it, timeouts and logins do not.
    """
    context.obj = data_dir
    if not context.invoked_subcommand:
        _print_time(local_network.NetworkClock(_data_dir(data_dir)))


@clock.command()
@click.option("--days", type=float, default=0.0)
@click.option("--hours", type=float, default=0.0)
@click.option("--minutes", type=float, default=0.0)
@click.option("--seconds", type=float, default=0.0)
@data_dir_option
@click.pass_context
@needs("network")
def advance(context: click.Context, /, data_dir: Path | None, **by: float) -> None:
    """Move the time of Backbone and Connectors forward, for good."""
    network_clock = local_network.NetworkClock(_data_dir(data_dir or context.obj))
    try:
        network_clock.advance(**by)
    except (ValueError, OverflowError):
        raise click.UsageError("Say how far, and forward: --days 31, --hours 1, --minutes 5, --seconds 10.") from None
    _print_time(network_clock)


def _print_time(network_clock: local_network.NetworkClock) -> None:
    ahead = network_clock.ahead
    said = f", {ahead} ahead of the real time" if ahead else ""
    click.echo(f"{network_clock.now():%Y-%m-%d %H:%M:%S} UTC{said}")


@main.group("snapshots")
def snapshots_group() -> None:
    """Save the network's state, and have it back.

    A snapshot holds all that Backbone and Connectors store: Identities with their private keys, Relationships,
    Messages. Saving stops nothing; restoring starts the Connectors of a running network again, at the same URLs.
    """


def _snapshots(data_dir: Path | None) -> "NetworkSnapshots":
    _require("network")
    from enmeshed_nb.localnet import NetworkSnapshots

    return NetworkSnapshots(_data_dir(data_dir))


@snapshots_group.command("save")
@click.argument("name")
@data_dir_option
def snapshots_save(name: str, data_dir: Path | None) -> None:
    """Save the state of now as NAME, also while the network runs."""
    click.echo(_snapshots(data_dir).save(name))


@snapshots_group.command("restore")
@click.argument("name")
@data_dir_option
def snapshots_restore(name: str, data_dir: Path | None) -> None:
    """Let the network be what it was when NAME was saved.

    What it is now is lost. Its time goes forward only: it stays as far ahead as it is.
    """
    with waiting_for("the local network"):
        restored = _snapshots(data_dir).restore(name)
    click.echo(f"The network is what it was: {restored}")


@snapshots_group.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of objects.")
@data_dir_option
def snapshots_list(as_json: bool, data_dir: Path | None) -> None:
    """List the snapshots, oldest first."""
    found = _snapshots(data_dir).list()
    if as_json:
        click.echo(json.dumps([each.public() for each in found], indent=2))
    else:
        click.echo("\n".join(map(str, found)) or "There are no snapshots here.")


@snapshots_group.command("remove")
@click.argument("name")
@data_dir_option
def snapshots_remove(name: str, data_dir: Path | None) -> None:
    """Delete the snapshot NAME."""
    _snapshots(data_dir).remove(name)


@snapshots_group.command("export")
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--without-keys", is_flag=True, help="Leave out API keys; the Identities' private keys are always in it.")
@data_dir_option
def snapshots_export(name: str, file: Path, without_keys: bool, data_dir: Path | None) -> None:
    """Write the snapshot NAME to FILE, for `import` elsewhere.

    Who has the file has the Identities in it. Without keys, API keys are made anew when it is restored.
    """
    click.echo(_snapshots(data_dir).export(name, file, keys=not without_keys))


@snapshots_group.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--name", default="", help="What to call it here.  [default: what it was called]")
@data_dir_option
def snapshots_import(file: Path, name: str, data_dir: Path | None) -> None:
    """Take a snapshot from FILE; `restore` makes a network of it."""
    click.echo(_snapshots(data_dir).import_(file, name))


@main.group("faults")
def faults_group() -> None:
    """Let a network that runs fail on purpose, for some time.

    What is active stands in `status`, too.
    """


def _faults(data_dir: Path | None) -> "NetworkFaults":
    _require("network")
    from enmeshed_nb.localnet import NetworkFaults

    return NetworkFaults(_data_dir(data_dir))


@faults_group.command("inject")
@click.argument("kind", type=click.Choice(list(KINDS)))
@click.option("--connector", help="The Connector that it is of.  [default: all]")
@click.option("--at", type=click.Choice(get_args(Place)), help="Where: the Connectors' APIs, or the Backbone.")
@click.option("--route", help="Which calls, e.g. 'POST /Messages'; * is a segment, ** are many.  [default: all]")
@click.option("--times", type=int, help="How many calls or events.  [default: all]")
@click.option("--lasts", type=float, help="Seconds after which it ends by itself.  [default: 60]")
@click.option("--probability", type=float, help="Of each call to be met, from 0 to 1.  [default: 1]")
@click.option("--seed", type=int, help="Of the chance.  [default: 0]")
@click.option("--delay", type=float, help="latency: seconds that a call takes longer.")
@click.option("--jitter", type=float, help="latency: seconds that it takes longer still, by chance.")
@click.option("--status", type=int, help="status: the answer's status, 500 to 599.  [default: 503]")
@click.option("--when", type=click.Choice(["before", "after"]), help="cut: before the call is done, or after it.")
@data_dir_option
def faults_inject(kind: str, data_dir: Path | None, **options: Any) -> None:
    """Inject a fault; it ends by itself, or by `faults clear`."""
    from pydantic import ValidationError

    given = {name: value for name, value in options.items() if value is not None}
    try:
        fault = KINDS[kind].model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        name = "".join(map(str, first["loc"][:1]))
        said = {"extra_forbidden": f"{kind} has no such option", "missing": f"{kind} needs it"}
        raise click.UsageError(f"--{name}: {said.get(first['type'], first['msg'])}.") from None
    injected = _faults(data_dir)
    injected.inject(fault)
    for each in injected.active:
        if each.fault.id == fault.id:
            click.echo(each)


@faults_group.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of objects.")
@data_dir_option
def faults_list(as_json: bool, data_dir: Path | None) -> None:
    """List the faults that are active, oldest first."""
    active = _faults(data_dir).active
    if as_json:
        click.echo(json.dumps([each.public() for each in active], indent=2))
    else:
        click.echo("\n".join(map(str, active)) or "Nothing fails on purpose.")


@faults_group.command("clear")
@data_dir_option
def faults_clear(data_dir: Path | None) -> None:
    """End all faults."""
    _faults(data_dir).clear()


@main.command()
@click.argument("name", required=False)
@click.option("-f", "--follow", is_flag=True, help="Go on printing what is added, until Ctrl-C.")
@data_dir_option
@needs("network")
def logs(name: str | None, follow: bool, data_dir: Path | None) -> None:
    """Print the logs.

    NAME is `network`, `backbone` or a Connector; without it all are printed, each line with its name.
    """
    from enmeshed_nb.localnet.logs import Reader

    folder = Folder(_data_dir(data_dir))
    with Reader(folder, name) as reader:
        if not reader.names:
            nothing = f"There are no logs in {folder.logs}: no network has run there."
            if not follow:
                raise NetworkError(nothing, f"Start one: {folder.command('up')}")
            console(stderr=True).print(
                f"{nothing} What it writes will be shown.", highlight=False, markup=False, soft_wrap=True
            )
        for log, line in reader.follow() if follow else reader.new_lines():
            click.echo(line if name else f"{log:12} {line}")


@main.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@data_dir_option
@needs("network")
def reset(yes: bool, data_dir: Path | None) -> None:
    """Stop the network and delete its data, after a question.

    Its data are Identities, Relationships, Messages and logs.
    """
    path = _data_dir(data_dir)
    if not yes:
        click.confirm(f"Delete everything in {path}?", abort=True)
    console().print("Deleted." if local_network.reset(data_dir) else "There is nothing to delete.")


def _host_names(_: click.Context, __: click.Parameter, names: tuple[str, ...]) -> tuple[str, ...]:
    if odd := [name for name in names if not is_host_name(name)]:
        raise click.BadParameter(f"{odd[0]!r} is no host name without a port.")
    return names


def _admin_api_key(file: Path | None, given: str | None) -> str:
    """Return the key of the admin API: from the file, the environment, or the old option.

    Raises:
        UsageError: there is none, or more than one was given.
        NetworkError: the file cannot be read.
    """
    if file and given:
        raise click.UsageError("--admin-api-key and --admin-api-key-file exclude each other.")
    if given:
        console(stderr=True).print(
            "[yellow]Warning:[/] --admin-api-key is deprecated: everyone on this machine can see it in the list of "
            f"processes. Give the key by ${ADMIN_API_KEY_VARIABLE} or --admin-api-key-file FILE.",
            highlight=False,
            soft_wrap=True,
        )
        return given
    try:
        key = file.read_text(encoding="utf-8").strip() if file else os.environ.get(ADMIN_API_KEY_VARIABLE, "")
    except (OSError, UnicodeDecodeError) as error:
        raise NetworkError(f"--admin-api-key-file {file}: cannot be read: {error}") from error
    if not key:
        raise click.UsageError(f"--admin-port needs a key: ${ADMIN_API_KEY_VARIABLE} or --admin-api-key-file FILE.")
    return key


@main.command()
@click.option("--port", default=8090, type=PORT, show_default=True, help="The port on the loopback interface; 0: any.")
@click.option(
    "--admin-port", type=PORT, help="Serve the admin API (announcements, removal of Identities) on this port."
)
@click.option(
    "--admin-api-key-file",
    type=click.Path(path_type=Path),
    help=f"A file with the key that the admin API wants as x-api-key, without it ${ADMIN_API_KEY_VARIABLE}.",
)
@click.option("--admin-api-key", hidden=True, help="Deprecated: everybody on this machine can see it.")
@click.option(
    "--allowed-host",
    "allowed_hosts",
    multiple=True,
    metavar="NAME",
    callback=_host_names,
    help="A name by which it may be called beside localhost and the loopback addresses; repeatable.",
)
@data_dir_option
@needs("network")
def backbone(  # noqa: PLR0917  (click passes them by name)
    port: int,
    admin_port: int | None,
    admin_api_key_file: Path | None,
    admin_api_key: str | None,
    allowed_hosts: tuple[str, ...],
    data_dir: Path | None,
) -> None:
    """Run the Backbone alone, for Connectors started elsewhere.

    It runs in the foreground; its client is `test` with the secret `test`.
    """
    from enmeshed_nb.localnet import relay

    key = _admin_api_key(admin_api_key_file, admin_api_key) if admin_port is not None else ""
    if admin_port is None and (admin_api_key or admin_api_key_file):
        raise click.UsageError("A key of the admin API goes together with --admin-port.")
    os.umask(0o077)  # nobody else can read what the Backbone stores
    folder = Folder(_data_dir(data_dir))
    folder.make()
    clients = {"test": "test"}
    with relay.serve(
        folder, port, clients, admin_port=admin_port, admin_api_key=key, allowed_hosts=allowed_hosts
    ) as backbone:
        if backbone.admin_url:
            click.echo(f"Admin API: {backbone.admin_url}")
        click.echo(f"Backbone: {backbone.url}  client: test  secret: test  API: /docs")
        click.echo("Connectors need transportLibrary.baseUrl with the host name localhost. Ctrl-C stops the Backbone.")
        relay.wait_for_interrupt()


@main.command()
@click.argument("notebooks", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="NOTEBOOK...")
@click.option("-p", "parameters", nargs=2, multiple=True, metavar="NAME VALUE", help="Set a parameter; repeatable.")
@click.option("--matrix", type=click.Path(path_type=Path), help="YAML or JSON: {name: [value, …]} or a list of runs.")
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("build"), show_default=True, help="Executed copies."
)
@click.option("--junit", type=click.Path(path_type=Path), help="Also write a JUnit XML report.")
@click.option("--help-parameters", is_flag=True, help="Run nothing; list the parameters: type, default and meaning.")
@profile_option
@data_dir_option
@needs("lab")
def run(  # noqa: PLR0917  (click passes them by name)
    notebooks: tuple[Path, ...],
    parameters: tuple[tuple[str, str], ...],
    matrix: Path | None,
    out: Path,
    junit: Path | None,
    help_parameters: bool,
    profile: str | None,
    data_dir: Path | None,
) -> None:
    """Execute notebooks.

    NOTEBOOK is a file, or the number or name of one of the lessons: `enmeshed-nb run 02`. The exit code is 0 only if
    every one succeeded.
    """
    from enmeshed_nb import runner

    notebooks = tuple(map(_meant, notebooks))
    if help_parameters:
        runner.print_parameters({notebook: runner.parameters_of(notebook) for notebook in notebooks}, console())
        return
    planned = runner.plan(notebooks, runner.parse_parameters(parameters), matrix, out)
    with _connectors_for_kernels(data_dir, profile) or nullcontext():
        runs = [runner.execute(one) for one in planned]
    runner.print_report(runs, console())
    if junit:
        runner.write_junit(runs, junit)
    failed = sum(not one.succeeded for one in runs)
    console().print(f"\n{len(runs) - failed} of {len(runs)} notebooks succeeded.", highlight=False)
    sys.exit(1 if failed else 0)


@main.command("load")
@click.option(
    "--requests", type=click.IntRange(min=1), help="How many at most.  [default: 100, or as --duration allows]"
)
@click.option("--rate", type=click.FloatRange(min=0, min_open=True), help="So many a second, however slow the answers.")
@click.option("--parallel", type=int, default=1, show_default=True, help="Without --rate: so many at once, 16 at most.")
@click.option("--duration", type=click.FloatRange(min=0, min_open=True), help="Seconds after which no more are sent.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed is the same Requests.")
@click.option(
    "--mix",
    metavar="KIND=WEIGHT,…",
    help="Of authentication, consent, form, read, propose, create; and reject=SHARE.  [default: the first three, "
    "reject=0.1]",
)
@click.option(
    "--warm-up", type=click.IntRange(0, 100), default=5, show_default=True, help="Requests before, not counted."
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=60,
    show_default=True,
    help="Seconds after which one is lost.",
)
@click.option("--no-sync", is_flag=True, help="Leave it to the Connectors' modules (sync, sse) to synchronise.")
@click.option(
    "--against", type=click.Path(path_type=Path), metavar="FILE", help="Compare with the load.json of an earlier load."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("build/load"),
    show_default=True,
    help="Folder for load.json and load.html.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what stands in load.json.")
@click.option("--yes", is_flag=True, help="Own Connectors: send more than 200.")
@profile_option
@data_dir_option
@needs("lab")
def load_command(  # noqa: PLR0917  (click passes them by name)
    requests: int | None,
    rate: float | None,
    parallel: int,
    duration: float | None,
    seed: int,
    mix: str | None,
    warm_up: int,
    timeout: float,
    no_sync: bool,
    against: Path | None,
    out: Path,
    as_json: bool,
    yes: bool,
    profile: str | None,
    data_dir: Path | None,
) -> None:
    """Send Requests to two Connectors, and measure each step.

    They are the local network's Sender and Recipient, or your own Connectors. Ctrl-C ends it well. The exit code is 0
    if all was completed, 1 if the load could not be run, 3 if Requests failed or were lost, 130 if it was broken off.
    """
    from enmeshed_nb import load

    asked = load.Asked(
        seed=seed,
        mix=load.Mix.read(mix) if mix is not None else load.Mix(),
        requests=requests,
        rate=rate,
        parallel=parallel,
        duration=duration,
        warm_up=warm_up,
        patience=timeout,
        sync=not no_sync,
    )
    old = load.read(against) if against else None
    load.check_writable(out)
    with load.connected(data_dir, profile) as pair:
        if pair.is_own:
            click.echo(load.stated(pair, asked), err=True)
            load.require_yes(asked, given=yes)
        report = load.run(pair, asked)
    files = load.write(report, out, old)
    click.echo(json.dumps(report, indent=1) if as_json else load.text(report, old))
    console(stderr=True).print(f"\nReport: {files[1]}", highlight=False, markup=False, soft_wrap=True)
    sys.exit(130 if report["interrupted"] else 0 if load.succeeded(report) else 3)


@main.command()
@profile_option
@click.option(
    "--plan",
    "plans",
    multiple=True,
    metavar="PLAN",
    help="guide, items, api, automation, security, or a FILE.toml of your own; repeatable.  [default: all]",
)
@click.option("--check", "checks", multiple=True, metavar="NAME", help="A single check, e.g. guide.create; repeatable.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("build/acceptance"),
    show_default=True,
    help="The folder for the reports.",
)
@click.option("--parallel", type=click.IntRange(1, 32), default=4, show_default=True, help="Checks side by side.")
@click.option(
    "--rate",
    type=click.FloatRange(0, 1000, min_open=True),
    help="Calls in a second for each Connector, at most.  [default: 20 for own Connectors]",
)
@click.option("--fresh", is_flag=True, help="Begin anew, also where a run was broken off.")
@click.option("--dry-run", is_flag=True, help="Do nothing; say what would be done, and what it would leave where.")
@click.option("--coverage", is_flag=True, help="Do nothing; list all requirements, and the checks that look at them.")
@click.option("--yes", is_flag=True, help="Do not ask before own Connectors get a Relationship for the run.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON (with --coverage: that).")
@needs("lab")
def accept(  # noqa: PLR0917  (click passes them by name)
    profile: str | None,
    plans: tuple[str, ...],
    checks: tuple[str, ...],
    out: Path,
    parallel: int,
    rate: float | None,
    fresh: bool,
    dry_run: bool,
    coverage: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Hold two Connectors against the guide and the API.

    Each sentence of their documentation is a requirement. The Connectors are your own, or those of a local network that
    is made for the run. In --out it leaves report.html (to be sent to a colleague), report.json, junit.xml, summary.md
    and badge.svg. A run that was broken off goes on where it was.

    Exit codes: 0 all that was looked at holds; 1 something does not hold; 2 what was asked for is not possible as it
    was asked; 3 the run is not complete: Connectors could not be reached, something could not be prepared, or Ctrl-C.
    """
    from enmeshed_nb.acceptance import terminal

    sys.exit(
        terminal.main(
            plans,
            checks,
            console(stderr=True),
            what="coverage" if coverage else "dry run" if dry_run else "run",
            as_json=as_json,
            out=out,
            profile=profile,
            parallel=parallel,
            rate=rate,
            fresh=fresh,
            yes=yes,
        )
    )


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("jupyter_arguments", nargs=-1, type=click.UNPROCESSED)
@click.option("--fresh", is_flag=True, help="Make the working copy of the notebooks anew; the old one is kept.")
@click.option(
    "--notebooks-dir",
    type=click.Path(path_type=Path),
    help="Where the working copy is (default: enmeshed-nb in the platform's documents folder).",
)
@profile_option
@data_dir_option
@needs("lab")
def lab(
    jupyter_arguments: tuple[str, ...],
    fresh: bool,
    notebooks_dir: Path | None,
    profile: str | None,
    data_dir: Path | None,
) -> None:
    """Open JupyterLab on the first notebook, with a network.

    Both end together. What it opens is a working copy of the notebooks: what you do not change follows the project,
    what you change is yours. More arguments go to JupyterLab.
    """
    from enmeshed_nb import working_copy

    copy = working_copy.refresh(_notebooks_folder().absolute(), notebooks_dir, fresh=fresh)
    said = [f"Your working copy of the notebooks: {copy.root / 'notebooks'}"]
    if copy.kept:
        said.append(f"The one before is kept: {copy.kept}")
    if copy.behind:
        said.append(f"You changed these, and they stay; there are newer ones (--fresh): {', '.join(copy.behind)}")
    for line in said:
        console(stderr=True).print(line, highlight=False, markup=False, soft_wrap=True)
    options = [f"--ServerApp.root_dir={copy.root}", f"--LabApp.default_url=/lab/tree/notebooks/{FIRST_NOTEBOOK}"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--allow-root")
    _add_to("JUPYTER_CONFIG_PATH")
    if opened := _connectors_for_kernels(data_dir, profile):
        opened.outlive_exec()
    # This process becomes JupyterLab and keeps the lease: however it ends, the network ends with it.
    os.execv(sys.executable, [sys.executable, "-P", "-m", "jupyterlab", *options, *jupyter_arguments])  # noqa: S606


@main.command()
@click.option(
    "--port", type=click.IntRange(1, 65535), help="The port on the loopback interface.  [default: 8866, or one near it]"
)
@click.option("--no-browser", is_flag=True, help="Do not open a browser; print the address alone.")
@click.option("--theme", type=click.Choice(["light", "dark"]), default="light", show_default=True, help="How it looks.")
@profile_option
@data_dir_option
@needs("lab")
def play(port: int | None, no_browser: bool, theme: str, profile: str | None, data_dir: Path | None) -> None:
    """Open the playground as an app, with a network.

    Every step of the guide is a button there; no code is needed. Both end together, by Ctrl-C.
    """
    notebook = _notebooks_folder().absolute() / PLAYGROUND
    options = [
        *("--template=playground", f"--theme={theme}", "--token", "--Voila.ip=127.0.0.1"),
        *(f"--MappingKernelManager.cull_idle_timeout={_ALONE}", f"--MappingKernelManager.cull_interval={_ALONE // 4}"),
    ]
    if port is not None:
        bind(port, "the playground").close()  # Voilà would take another one, or say so in a traceback
        options += [f"--port={port}", "--Voila.port_retries=0"]
    if no_browser:
        options.append("--no-browser")
    _add_to("JUPYTER_PATH")
    if opened := _connectors_for_kernels(data_dir, profile):
        opened.outlive_exec()
    # As with `lab`: this process becomes Voilà and keeps the lease.
    os.execv(sys.executable, [sys.executable, "-P", "-m", "voila", str(notebook), *options])  # noqa: S606


def _add_to(variable: str) -> None:
    """Have Jupyter look into our folder, too."""
    paths = (os.environ.get(variable), str(JUPYTER))
    os.environ[variable] = os.pathsep.join(path for path in paths if path)


@main.group("profiles", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of objects.")
@click.pass_context
def profiles_group(context: click.Context, as_json: bool) -> None:
    """List your own Connectors by profile, or change them.

    A profile names a Sender and a Recipient (and more of them), how one authenticates to each, and how one gets there.
    $ENMESHED_NB_PROFILE selects one. Profiles say where secrets are, and hold none.
    """
    if not context.invoked_subcommand:
        _list_profiles(as_json)


def _list_profiles(as_json: bool) -> None:
    from enmeshed_nb.own_connectors import listing

    if as_json:
        click.echo(json.dumps([each.public() for each in listing.all_profiles()], indent=2))
    else:
        nothing = f"There are no profiles in {listing.file()}. Make one: enmeshed-nb profiles add NAME"
        click.echo("\n".join(map(str, listing.all_profiles())) or nothing)


@profiles_group.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of objects.")
def profiles_list(as_json: bool) -> None:
    """List the profiles: Connectors, URLs, how one authenticates."""
    _list_profiles(as_json)


@profiles_group.command("show")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def profiles_show(name: str, as_json: bool) -> None:
    """Show all settings of the profile NAME, without secrets."""
    from enmeshed_nb.own_connectors import listing

    own = listing.profile(name)
    settings = {side: each.settings.said() for side, each in own.all.items()}
    if as_json:
        click.echo(json.dumps({"name": name, "active": name == listing.active(), "connectors": settings}, indent=2))
    else:
        click.echo(listing.as_toml(name, settings))


@profiles_group.command("path")
def profiles_path() -> None:
    """Print where the file with the profiles is."""
    from enmeshed_nb.own_connectors import listing

    click.echo(listing.file())


@profiles_group.command("add")
@click.argument("name")
@click.option("--sender-url", help="The Sender's URL.")
@click.option("--sender-key", metavar="WHERE", help="Where the Sender's API key is.")
@click.option("--recipient-url", help="The Recipient's URL.")
@click.option("--recipient-key", metavar="WHERE", help="Where the Recipient's API key is.")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="SETTING=VALUE",
    help="Any setting, as in TOML; text may stand without quotes. Repeatable: --set sender.ca_file=~/ca.pem",
)
@click.option("--replace", is_flag=True, help="Replace the profile of this name.")
def profiles_add(name: str, settings: tuple[str, ...], replace: bool, **given: str | None) -> None:
    """Add the profile NAME; what is needed and not given is asked.

    WHERE is env:NAME (an environment variable), file:PATH (of which you alone may read) or "command:pass show NAME".
    With OAuth 2: --set sender.oauth.issuer=URL, …oauth.client_id=ID, …oauth.client_secret=WHERE, …oauth.scope=SCOPE.
    """
    from enmeshed_nb.own_connectors import editing, listing

    editing.check_name(name, listing.file(), replace=replace)
    tables = editing.tables(settings)
    for side in DEFAULT_CONNECTORS:
        table = tables.setdefault(side, {})
        url, key = given[f"{side}_url"], given[f"{side}_key"]
        if url or "url" not in table:
            table["url"] = url or click.prompt(f"URL of the {side.capitalize()}", err=True)
        if key or not {"api_key", "bearer", "oauth"} & set(table):
            table["api_key"] = editing.secret(
                key or click.prompt("Where is its API key (env:NAME, file:PATH, command:…)", err=True)
            )
    editing.add(name, tables, listing.file(), replace=replace)
    click.echo(f"Profile '{name}' stands in {listing.file()}. Try it: enmeshed-nb profiles check {name}")


@profiles_group.command("remove")
@click.argument("name")
def profiles_remove(name: str) -> None:
    """Remove the profile NAME; its secrets stay where they are."""
    from enmeshed_nb.own_connectors import editing, listing

    editing.remove(name, listing.file())
    click.echo(f"Profile '{name}' is removed.")


@profiles_group.command("check")
@click.argument("name")
def profiles_check(name: str) -> None:
    """Connect to all Connectors of the profile NAME, and print version and address of each.

    The exit code is 1 if one of them cannot be used.
    """
    from enmeshed_nb.own_connectors import listing

    failed = False
    for side, endpoint in listing.profile(name).all.items():
        try:
            with endpoint.connect(side) as connector:
                version = connector.require_version().version
                said = f"Connector {version}, {connector.account.identity_info().address}"
        except UserError as error:
            failed, said = True, str(error)
        click.echo(f"{side}: {endpoint.url}\n  {said.replace(chr(10), chr(10) + '  ')}")
    sys.exit(1 if failed else 0)


@main.command("install")
@click.option(
    "--tarballs",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Take the packages from this folder, without a network: their .tgz files, or npm's cache of a machine that "
    "has installed them (npm config get cache).",
)
@needs("network")
def install_command(tarballs: Path | None) -> None:
    """Install the enmeshed Runtime from npm, for all environments.

    The first start of a network does it, too. Broken off, it goes on where it was when it is called again.
    """
    from enmeshed_nb.localnet import install, node

    if not install.is_installed():
        click.echo(f"Installing {install.WHAT} …")
        percent = Percent()
        try:
            install.install(percent.tell, tarballs)
        finally:
            percent.end()
    click.echo(f"@nmshd/runtime {install.runtime_version()} is installed in {node.PACKAGES}.")


@main.command("doctor")
@click.option("--profile", help="The profile that names your own Connectors.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of objects, one for each check.")
@data_dir_option
@needs("network")
def doctor_command(profile: str | None, as_json: bool, data_dir: Path | None) -> None:
    """Check what is installed and reachable, and say what to do.

    Of your own Connectors it looks at one thing after the other, and stops at the first that is wrong. It lets them
    synchronise, and changes nothing. The exit code is 1 if there is a problem.
    """
    from rich.markup import escape
    from rich.table import Table

    from enmeshed_nb import doctor
    from enmeshed_nb.printable import printable_lines

    checks = doctor.examine(_data_dir(data_dir), profile)
    if as_json:
        click.echo(json.dumps([check.public() for check in checks], indent=2))
        sys.exit(0 if all(check.ok for check in checks) else 1)
    marks = {
        "ok": "[green]✔ ok[/]",
        "problem": "[red]✘ problem[/]",
        "note": "[yellow]! note[/]",
        "not looked at": "- not looked at",
    }
    table = Table.grid(padding=(0, 2))
    for _ in range(3):
        table.add_column(overflow="fold")
    for check in checks:
        said = printable_lines(f"{check.problem or check.found}\n{check.cure}".rstrip())
        table.add_row(marks[check.state], check.what, escape(said))
    console().print(table)
    sys.exit(0 if all(check.ok for check in checks) else 1)


@main.command()
@click.option("--profile", help="The profile that names your own Connectors.")
@click.option("--dry-run", is_flag=True, help="Delete nothing; say what would be deleted.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@data_dir_option
@needs("network")
def clean(profile: str | None, dry_run: bool, yes: bool, data_dir: Path | None) -> None:
    """Delete what was created at your own Connectors.

    That is what enmeshed-nb created there, and it asks first. Nothing else is touched. What the API does not delete is
    listed, with the reason. It can be repeated, also after it was interrupted; the exit code is 1 if something could
    not be deleted.
    """
    from contextlib import ExitStack

    from enmeshed_nb import cleaning, own_connectors
    from enmeshed_nb.ledger import ledger_in
    from enmeshed_nb.printable import printable

    own = own_connectors.from_environment(profile)
    if not own:
        raise NetworkError(
            "No Connectors of your own are named, so there is nothing to clean.",
            "Name them as for the run: --profile, or the ENMESHED_NB_… variables. `enmeshed-nb reset` deletes a local "
            "network.",
        )
    ledger = ledger_in(data_dir)
    with ExitStack() as stack:
        connectors = [stack.enter_context(endpoint.connect(name)) for name, endpoint in own.all.items()]
        plans = [cleaning.plan(connector, ledger) for connector in connectors]
        lines = [line for each in plans for line in each.lines()]
        elsewhere = {entry.url for entry in ledger.entries()} - {connector.url for connector in connectors}
        lines += [f"Something was created at {url}, too: name that Connector to clean it." for url in sorted(elsewhere)]
        click.echo("\n".join(map(printable, lines)) or "Nothing was created there that is still to be deleted.")
        number = sum(len(each.deletes) for each in plans)
        if dry_run or not number:
            return
        if not yes:
            click.confirm(f"Delete {'this' if number == 1 else f'these {number}'} for good?", abort=True)
        failed = 0
        for found, error in cleaning.delete_all(plans, ledger):
            if error:
                failed += 1
                click.echo(printable(f"{found} was not deleted: {error.problem} {error.cure}"), err=True)
    click.echo(f"{number - failed} of {number} deleted.")
    sys.exit(1 if failed else 0)


def _data_dir(given: Path | None) -> Path:
    return data_dir(given)


def _health(state: NetworkState) -> dict[str, bool]:
    """Return whether each part of a network works; `enmeshed_nb.health` knows more, and takes longer to import."""
    from enmeshed_nb.localnet import asking

    return asking.health(state)


def _connectors_for_kernels(folder: Path | None, profile: str | None) -> LocalNetwork | None:
    """Return what the kernels' `connect()` will find: a local network to hold; None for the user's own Connectors."""
    from enmeshed_nb import own_connectors

    if own := own_connectors.from_environment(profile):
        own_connectors.hand_on(own)
        if folder:
            os.environ[DATA_DIR_VARIABLE] = str(folder.absolute())
        named = f" (profile {own.profile})" if own.profile else ""
        urls = ", ".join(each.url for each in own.all.values())
        console(stderr=True).print(
            f"Own Connectors{named}: {urls}. No local network is started.", markup=False, soft_wrap=True
        )
        return None
    with waiting_for("the local network") as tell:
        opened = LocalNetwork.open(folder, progress=tell)
    os.environ[DATA_DIR_VARIABLE] = opened.state.data_dir
    console(stderr=True).print(f"Local network in {opened.state.data_dir}.", markup=False, soft_wrap=True)
    return opened


def _notebooks_folder() -> Path:
    """Return where the lessons are: those of the current folder, else those that came with the package."""
    here = (folder for folder in (Path("notebooks"), Path()) if (folder / FIRST_NOTEBOOK).exists())
    return next(here, layout.PROJECT / "notebooks")


def _meant(notebook: Path) -> Path:
    """Return the file that is meant: a name without a folder, or a number, may be one of the lessons."""
    if notebook.is_file() or notebook.parent != Path():
        return notebook
    lessons, name = _notebooks_folder(), notebook.name
    numbered = sorted(lessons.glob(f"{int(name):02}-*.ipynb")) if re.fullmatch("[0-9]{1,4}", name) else []
    named = [folder / f"{name.removesuffix('.ipynb')}.ipynb" for folder in (Path(), lessons)]
    return next((file for file in (*named, *numbered) if file.is_file()), lessons / name)


def _print_state(state: NetworkState, health: dict[str, bool] | None = None) -> None:
    marks = {True: "[green]✔ healthy[/]", False: "[red]✘ not healthy[/]", None: ""}
    rows = [("backbone", state.backbone.url, ""), *((each.name, each.url, each.address) for each in state.connectors)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    console().print(f"Network in {state.data_dir} (process {state.pid})", highlight=False, markup=False, soft_wrap=True)
    for row in rows:
        cells = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        mark = marks[health[row[0]] if health else None]
        console().print(f"  {cells}  {mark}", highlight=False, soft_wrap=True)
    folder = Folder(Path(state.data_dir))
    end = f"It runs until: {folder.command('down')}" if state.kept else "It stops when nobody uses it any more."
    keys, logs_of = f"API keys: {folder.command('status', '--json')}", f"Logs: {folder.command('logs')}"
    for line in (*state.unusual, keys, logs_of, end):
        console().print(line, highlight=False, markup=False, soft_wrap=True)


if __name__ == "__main__":
    main()
