"""What `deploy/` has for a deployed network: checked as far as that goes without a container engine."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from check_jsonschema.builtin_schemas import get_builtin_schema
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12
from jsonschema import validators
from yamllint import linter
from yamllint.config import YamlLintConfig

from enmeshed_nb.localnet.configuration import TransportLibrary, check_configuration
from tests.conftest import ROOT

DEPLOY = ROOT / "deploy"
WRITTEN = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load(WRITTEN)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
CONNECTORS = ("sender", "recipient")
BACKBONE = {"consumer-api", "event-handler", "sse-server", "admin-ui", "database-migrator", "backbone-client"}
HELM = {
    name: yaml.safe_load((DEPLOY / "helm" / f"{name}-values.yaml").read_text()) for name in ("connector", "backbone")
}
VARIABLE = re.compile(r"\$\{([A-Z_]+)(:[-?][^}]*)?\}")


def nested(variables: dict[str, Any]) -> dict[str, Any]:
    """Return what environment variables with `__` between their parts set."""
    found: dict[str, Any] = {}
    for name, value in variables.items():
        *folders, last = name.split("__")
        place = found
        for folder in folders:
            place = place.setdefault(folder, {})
        place[last] = value
    return found


def merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    both = {name for name in one if isinstance(one[name], dict) and isinstance(other.get(name), dict)}
    return one | other | {name: merged(one[name], other[name]) for name in both}


def paths(settings: dict[str, Any], before: str = "") -> set[str]:
    """Return the places of all values, in lower case: .NET and Helm write them differently."""
    found = set()
    for name, value in settings.items():
        found |= paths(value, f"{before}{name}.") if isinstance(value, dict) else {f"{before}{name}".lower()}
    return found


@pytest.fixture(scope="module")
def secrets(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("secrets")
    made = subprocess.run(
        ["sh", DEPLOY / "make-secrets", folder], capture_output=True, text=True, check=False, timeout=120
    )
    assert made.returncode == 0, made.stderr
    return folder


@pytest.fixture(scope="module")
def variables(secrets) -> dict[str, str]:
    return dict(line.split("=", 1) for line in (secrets / ".env").read_text().splitlines())


def filled(text: str, variables: dict[str, str]) -> str:
    """Return a text as Compose fills it in."""

    def fill(found: re.Match[str]) -> str:
        name, rest = found.group(1), found.group(2) or ""
        return variables.get(name) or (rest[2:] if rest.startswith(":-") else pytest.fail(f"{name} is not set"))

    return VARIABLE.sub(fill, text)


# --- compose.yaml ---


def test_all_services_of_a_backbone_and_two_connectors_are_there():
    infrastructure = {"database", "queue", "blob-store", "mongodb"}
    assert set(SERVICES) == {*BACKBONE, *CONNECTORS, *infrastructure}


def test_each_image_is_pinned_by_a_variable_with_a_default():
    for name, service in SERVICES.items():
        image = re.fullmatch(r"[a-z0-9./-]+:\$\{[A-Z]+_VERSION:-(\d+\.\d+(\.\d+)?)\}(-alpine)?", service["image"])
        assert image, f"{name}: {service['image']}"


def test_images_are_the_official_ones():
    for name, service in SERVICES.items():
        if name in BACKBONE:
            own = {"backbone-client": "admin-cli"}.get(name, name)
            assert service["image"].startswith(f"ghcr.io/nmshd/backbone-{own}:${{BACKBONE_VERSION:-7.")
        elif name in CONNECTORS:
            assert service["image"].startswith("ghcr.io/nmshd/connector:${CONNECTOR_VERSION:-7.")


def test_what_is_waited_for_exists_and_can_be_waited_for():
    for name, service in SERVICES.items():
        for other, how in service.get("depends_on", {}).items():
            condition = how["condition"]
            if condition == "service_healthy":
                # the images of the Backbone's APIs and of the Connector bring their own health check
                assert "healthcheck" in SERVICES[other] or other == "consumer-api", f"{name} waits for {other}"
            elif condition == "service_completed_successfully":
                assert SERVICES[other]["restart"] in ("no", "on-failure"), f"{name} waits for the end of {other}"
            else:
                assert condition == "service_started"


def before(name: str) -> set[str]:
    found = set(SERVICES[name].get("depends_on", {}))
    return found.union(*(before(each) for each in found))


def test_the_order_is_that_of_the_backbone():
    assert SERVICES["database-migrator"]["depends_on"] == {"database": {"condition": "service_healthy"}}
    for name in BACKBONE - {"database-migrator"}:
        assert {"database", "database-migrator"} <= before(name)
    assert {"sse-server", "queue", "blob-store"} <= before("consumer-api")
    assert "consumer-api" in before("backbone-client") & before("event-handler") & before("admin-ui")
    for name in CONNECTORS:
        assert {"mongodb", "backbone-client", "event-handler"} <= before(name)


def test_only_loopback_ports_are_published():
    published = {name: port for name, service in SERVICES.items() for port in service.get("ports", ())}
    assert set(published) == {"consumer-api", "admin-ui", *CONNECTORS}
    for port in published.values():
        assert re.fullmatch(r"127\.0\.0\.1:\$\{[A-Z]+_PORT:-\d+\}:(80|8080)", port)
    assert len({*published.values()}) == len(published)


def test_what_is_stored_is_on_volumes_and_each_volume_is_used():
    used = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", ())}
    assert {name for name in used if not name.startswith("./")} == set(COMPOSE["volumes"])
    for name in used:
        if name.startswith("./"):
            assert (DEPLOY / name).is_file(), f"{name} would become a folder"
    assert (DEPLOY / COMPOSE["configs"]["backbone"]["file"]).is_file()


def test_each_service_reaches_what_it_waits_for_and_databases_are_apart():
    reach = {name: set(service["networks"]) for name, service in SERVICES.items()}
    for name, networks in reach.items():
        for other in SERVICES[name].get("depends_on", {}):
            assert networks & reach[other], f"{name} cannot reach {other}"
    assert not reach["mongodb"] & reach["database"]


def test_no_secret_is_written_down():
    for file in (each for each in DEPLOY.rglob("*") if each.is_file() and "secrets" not in each.parts):
        if file.name not in (".env", "README.md", "make-secrets", ".gitignore"):
            for name, value in re.findall(
                r"""["']?(\w*(?:pass|password|secret|certificate|accountkey|apikey|key))["']?\s*[:=]\s*([^\s{].*)""",
                VARIABLE.sub("<variable>", file.read_text(encoding="utf-8")),
                re.IGNORECASE,
            ):
                is_name = name == "key" and re.fullmatch(r"[a-z-]+\}", value)  # of a key in a Kubernetes Secret
                assert is_name or value.startswith(("<variable>", "*")), f"{file.name}: {name}: {value}"


# --- make-secrets ---


def test_each_variable_is_made_or_has_a_default(variables):
    required = {name for name, rest in VARIABLE.findall(WRITTEN) if not rest.startswith(":-")}
    assert required == set(variables)
    assert all(variables.values())
    filled(WRITTEN, variables)


def test_the_certificate_is_a_pkcs12_with_its_key_and_without_a_password(secrets, variables):
    import base64
    from datetime import UTC, datetime, timedelta

    raw = base64.b64decode(variables["JWT_SIGNING_CERTIFICATE"], validate=True)
    assert raw == (secrets / "secrets" / "jwt-signing.p12").read_bytes()
    bundle = load_pkcs12(raw, b"")
    assert bundle.key.key_size >= 3072
    certificate = bundle.cert.certificate
    assert certificate.public_key().public_numbers() == bundle.key.public_key().public_numbers()
    assert certificate.not_valid_after_utc > datetime.now(UTC) + timedelta(days=3000)
    assert [*(secrets / "secrets").iterdir()] == [secrets / "secrets" / "jwt-signing.p12"]


def test_secrets_are_the_owners_alone(secrets):
    assert (secrets / "secrets").stat().st_mode & 0o777 == 0o700
    for file in (secrets / ".env", secrets / "secrets" / "jwt-signing.p12"):
        assert file.stat().st_mode & 0o777 == 0o600


def test_secrets_are_new_ones_and_stay(secrets, variables, tmp_path):
    subprocess.run(["sh", DEPLOY / "make-secrets", secrets], check=True, capture_output=True, timeout=120)
    assert dict(line.split("=", 1) for line in (secrets / ".env").read_text().splitlines()) == variables
    values = [value for name, value in variables.items() if name != "BACKBONE_CLIENT_ID"]
    assert len(set(values)) == len(values)
    shutil.copytree(secrets, tmp_path / "copy")
    own = (tmp_path / "copy" / ".env").read_text().replace(variables["POSTGRES_PASSWORD"], "")
    (tmp_path / "copy" / ".env").write_text(own.replace("BACKBONE_CLIENT_ID=connectors", "BACKBONE_CLIENT_ID=mine"))
    subprocess.run(["sh", DEPLOY / "make-secrets", tmp_path / "copy"], check=True, capture_output=True, timeout=120)
    again = dict(line.split("=", 1) for line in (tmp_path / "copy" / ".env").read_text().splitlines())
    changed = {name for name in variables if again[name] != variables[name]}
    assert changed == {"POSTGRES_PASSWORD", "BACKBONE_CLIENT_ID"}
    assert again["BACKBONE_CLIENT_ID"] == "mine"
    assert len(again["POSTGRES_PASSWORD"]) >= 32


def test_without_openssl_it_says_what_is_missing(tmp_path):
    for tool in ("sh", "dirname"):
        (tmp_path / tool).symlink_to(shutil.which(tool))
    said = subprocess.run(
        ["sh", DEPLOY / "make-secrets", tmp_path / "new"],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": str(tmp_path)},
    )
    assert (said.returncode, "needs openssl" in said.stderr) == (1, True)
    assert not (tmp_path / "new").exists()


def test_git_ignores_what_it_makes():
    ignored = subprocess.run(
        ["git", "check-ignore", "deploy/.env", "deploy/secrets/jwt-signing.p12"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert len(ignored.stdout.split()) == 2
    kept = subprocess.run(["git", "check-ignore", "deploy/compose.yaml"], cwd=ROOT, capture_output=True, check=False)
    assert kept.returncode == 1


# --- what the services are configured with ---


@pytest.mark.parametrize("name", CONNECTORS)
def test_each_connectors_settings_are_those_of_a_connector(name, variables):
    service = yaml.safe_load(filled(WRITTEN, variables))["services"][name]
    environment = dict(service["environment"])
    assert environment.pop("CUSTOM_CONFIG_LOCATION") == service["volumes"][0].split(":")[1]
    own = json.loads((DEPLOY / service["volumes"][0].split(":")[0]).read_text())
    config = merged(own, nested(environment))
    check_configuration(name, config)
    assert set(config["transportLibrary"]) == {
        field.alias for field in TransportLibrary.model_fields.values() if field.alias
    }
    assert config["database"]["dbName"] == name
    assert config["infrastructure"]["httpServer"]["port"] == 80
    assert not (config["modules"]["sync"]["enabled"] and config["modules"]["sse"]["enabled"])
    key = config["infrastructure"]["httpServer"]["authentication"]["apiKey"]["keys"]["default"]["key"]
    for rule in (r".{30}", r"\d.*\d", r"[A-Z].*[A-Z]", r"[a-z].*[a-z]", r"[^A-Za-z0-9]"):
        assert re.search(rule, key)


def test_connectors_and_backbone_agree_on_names(variables):
    services = yaml.safe_load(filled(WRITTEN, variables))["services"]
    domain = services["consumer-api"]["environment"]["ModuleDefaults__Application__didDomainName"]
    assert re.fullmatch(r"(([A-Za-z0-9]+(-[A-Za-z0-9]+)*)\.)+[a-z]{2,}", domain)
    for name in CONNECTORS:
        assert services[name]["environment"]["transportLibrary__addressGenerationHostnameOverride"] == domain
        own = json.loads((DEPLOY / "connector" / f"{name}.json").read_text())
        for url in (own["transportLibrary"]["baseUrl"], own["modules"]["sse"]["baseUrlOverride"]):
            assert re.fullmatch(r"http://([a-z-]+):8080", url)[1] in SERVICES


def test_the_backbones_settings_have_no_gaps_and_no_secrets(variables):
    settings = json.loads((DEPLOY / "backbone" / "appsettings.override.json").read_text())
    environment = yaml.safe_load(filled(WRITTEN, variables))["services"]["consumer-api"]["environment"]
    assert not paths(settings) & paths(nested(environment))
    whole = merged(settings, nested(environment))
    assert whole["Infrastructure"]["EventBus"]["RabbitMQ"]["HostName"] in SERVICES
    assert variables["POSTGRES_PASSWORD"] in whole["Infrastructure"]["SqlDatabase"]["ConnectionString"]
    assert whole["Infrastructure"]["SqlDatabase"] == whole["ModuleDefaults"]["Infrastructure"]["SqlDatabase"]
    sse = whole["Modules"]["Devices"]["Infrastructure"]["PushNotifications"]["Providers"]["Sse"]
    assert re.fullmatch(r"http://([a-z-]+):8080", sse["SseServerBaseAddress"])[1] in SERVICES
    users = {
        whole["Infrastructure"]["EventBus"]["RabbitMQ"]["Username"],
        SERVICES["queue"]["environment"]["RABBITMQ_DEFAULT_USER"],
    }
    assert users == {"enmeshed"}


# --- values for Helm ---


def test_the_connectors_values_are_settings_of_a_connector():
    values = HELM["connector"]
    environment = {each["name"]: "https://x" for each in values["pod"]["connector"]["environment"]}
    check_configuration("sender", merged(values["config"], nested(environment)))
    assert values["config"]["infrastructure"]["httpServer"]["port"] == values["pod"]["connector"]["containerPort"]
    assert f"--version {values['image']['tag']}" in (DEPLOY / "helm" / "connector-values.yaml").read_text()
    used = {name for name in SERVICES["sender"]["environment"] if "__" in name}
    assert set(environment) == used - {"transportLibrary__addressGenerationHostnameOverride"}
    for each in values["pod"]["connector"]["environment"]:
        assert set(each) == {"name", "valueFrom"}


def test_the_backbones_values_are_the_settings_that_compose_uses():
    values, settings = HELM["backbone"], json.loads((DEPLOY / "backbone" / "appsettings.override.json").read_text())
    environment = {name for name in SERVICES["consumer-api"]["environment"] if "__" in name}
    known = paths(settings) | paths(nested(dict.fromkeys(environment)))
    assert paths(values["global"]["configuration"]) <= known
    for service in (
        "consumerapi",
        "eventhandler",
        "sseserver",
        "adminui",
        "databasemigrator",
        "actualidentitydeletion",
    ):
        assert {each["name"] for each in values[service]["env"]} <= environment
        assert all(set(each) == {"name", "valueFrom"} for each in values[service]["env"])


def test_versions_are_the_same_everywhere():
    (connector,) = {*re.findall(r"CONNECTOR_VERSION:-([\d.]+)", WRITTEN)}
    (backbone,) = {*re.findall(r"BACKBONE_VERSION:-([\d.]+)", WRITTEN)}
    for name, version in (("connector", connector), ("backbone", backbone)):
        assert f"--version {version} " in (DEPLOY / "helm" / f"{name}-values.yaml").read_text()


# --- by the specification's own schema ---


def test_compose_is_what_the_specification_says():
    schema = get_builtin_schema("vendor.compose-spec")
    validators.validator_for(schema)(schema).validate(COMPOSE)


def test_the_yaml_is_tidy():
    config = YamlLintConfig((DEPLOY / ".yamllint").read_text())
    for file in DEPLOY.rglob("*.yaml"):
        assert [str(each) for each in linter.run(file.read_text(), config)] == [], file.name
