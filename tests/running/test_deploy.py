"""What `deploy/` says is what the code reads: its variables, commands and probes; and Kubernetes' own schemas agree."""

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from checkout_project.facts.queued import LONGEST_QUEUE
from checkout_project.processes import commands
from checkout_project.running import forks
from tests.running.deploy_files import COMMON, COMPOSE, DEPLOY, MANIFESTS, OURS, PODS, SETTINGS, UNITS
from tests.stack import ROOT

KUBERNETES = "1.32"
PARTS = {"web", "worker", "beat"}
PROBE = ["python", "-m", "checkout_project.jobs.alive"]
MIGRATE = ["python", "manage.py", "migrate", "--no-input"]
# What belongs to others: Python, PostgreSQL's image, the proxy, compose itself.
_OTHERS = {"PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "PATH", "DOMAIN", "UPSTREAM"}


def started(part: str) -> list[str]:
    return ["python", "-m", "checkout_project.processes", part]


def test_every_variable_that_deploy_sets_is_read_by_the_settings() -> None:
    dockerfile = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    texts = [*re.findall(r"^ENV (.+)$", dockerfile.split("\nFROM ")[-1], re.MULTILINE)]
    texts += re.findall(r"^Environment=(.+)$", COMMON + "".join(UNITS.values()), re.MULTILINE)
    named = {word.partition("=")[0] for text in texts for word in text.split()}
    named |= {name for each in OURS.values() for name in each["environment"]}
    named |= set(SETTINGS)
    documented = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    known = set(re.findall(r"`([A-Z][A-Z_]+)`", documented))
    assert {name.removesuffix("_FILE") for name in named - {"ALIVE_FILE"}} - _OTHERS <= known
    assert len(named) > 15


def test_all_start_the_same_processes_by_the_same_line() -> None:
    assert set(commands()) == PARTS
    image = re.search(r"^CMD (.+)$", (DEPLOY / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert image
    assert yaml.safe_load(image[1]) == started("web")
    for part in PARTS:
        assert OURS[part].get("command", started("web")) == started(part)
        assert PODS[part]["containers"][0]["command"] == started(part)
        assert f"ExecStart=/opt/tallystick/.venv/bin/{shlex.join(started(part))}\n" in UNITS[f"tallystick-{part}"]
    assert OURS["migrate"]["command"] == PODS["migrate"]["containers"][0]["command"] == MIGRATE
    assert f"ExecStart=/opt/tallystick/.venv/bin/{shlex.join(MIGRATE)}\n" in UNITS["tallystick-migrate"]


def test_make_run_tells_the_worker_what_the_procfile_does() -> None:
    line = shlex.split(commands()["worker"])
    assert {word for word in line if word.startswith("--")} <= set(forks.WORKER)


def test_each_process_has_a_probe_of_its_own() -> None:
    for part in ("worker", "beat"):
        assert OURS[part]["healthcheck"]["test"] == ["CMD", *PROBE]
        assert PODS[part]["containers"][0]["livenessProbe"]["exec"]["command"] == PROBE
    for part in PARTS:
        assert "\nWatchdogSec=120\nNotifyAccess=all\n" in UNITS[f"tallystick-{part}"]
    web = PODS["web"]["containers"][0]
    assert [web[f"{kind}Probe"]["httpGet"]["path"] for kind in ("liveness", "readiness")] == ["/healthz", "/readyz"]
    ended = {"migrate", "tools"}  # by themselves
    assert all("healthcheck" in each for name, each in COMPOSE["services"].items() if name not in ended)
    assert "ALIVE_FILE=/tmp/alive" in (DEPLOY / "Dockerfile").read_text(encoding="utf-8")


def test_two_web_processes_take_turns_at_being_started_again() -> None:
    """Whoever restarts them is told when one answers, and proxies know both."""
    assert "\nType=notify\nEnvironment=PORT=%i\n" in UNITS["tallystick-web"]
    ports = set(re.findall(r"web@(\d+)", (DEPLOY / "systemd/tallystick.target").read_text(encoding="utf-8")))
    assert len(ports) == 2
    for name in ("nginx.conf", "traefik.yaml"):
        servers = re.findall(r"^[^#]*127\.0\.0\.1:.*", (DEPLOY / "proxies" / name).read_text(encoding="utf-8"), re.M)
        assert set(re.findall(r"127\.0\.0\.1:(\d+)", "".join(servers))) == ports


def test_worker_and_beat_wait_until_the_database_is_migrated() -> None:
    same = ("image", "envFrom", "securityContext", "volumeMounts")
    for part in ("worker", "beat"):
        assert OURS[part]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
        [waits], [container] = PODS[part]["initContainers"], PODS[part]["containers"]
        assert waits["command"] == ["sh", "-c", "until python manage.py migrate --check; do sleep 5; done"]
        assert [waits[name] for name in same] == [container[name] for name in same]
    # Those of the version before go on meanwhile.
    strategies = [each["spec"].get("strategy", {}) for each in MANIFESTS if each["kind"] == "Deployment"]
    assert not [each for each in strategies if each.get("type") == "Recreate"]


def test_a_migration_that_fails_is_tried_again_and_stops_nobody() -> None:
    assert re.search(r"^Restart=on-failure\nRestartSec=[1-9]", UNITS["tallystick-migrate"], re.MULTILINE)
    for part in PARTS:
        tied = re.findall(r"^(\w+)=.*tallystick-migrate\.service$", UNITS[f"tallystick-{part}"], re.MULTILINE)
        assert sorted(tied) == ["After", "Wants"]


# What an operator does by hand or by night.
BY_HAND = {"kubernetes/migrate.yaml", "kubernetes/backup/backup.yaml", "kubernetes/backup/tools.yaml"}


def test_migrate_and_backups_work_on_the_database_of_all_others() -> None:
    [web] = PODS["web"]["containers"]
    for name in ("migrate", "backup", "tools"):
        [container] = PODS[name]["containers"]
        assert (container["envFrom"], container.get("env", [])) == (web["envFrom"], [])
    for name in ("migrate", "tools"):
        assert OURS[name]["environment"] == OURS["web"]["environment"]


def test_a_comment_of_migrate_has_the_place_for_the_address_past_a_pooler() -> None:
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    [commented] = re.findall(r"^    # (environment: { <<: \*environment, DATABASE_URL: .+ })$", text, re.MULTILINE)
    made = yaml.safe_load(text.replace(f"# {commented}", commented))["services"]["migrate"]["environment"]
    assert made == OURS["web"]["environment"]  # with what stands there before anybody changes it
    for name in BY_HAND:
        text = (DEPLOY / name).read_text(encoding="utf-8")
        [commented] = re.findall(r"^ +# (env: .+)$", text, re.MULTILINE)
        job = next(yaml.safe_load_all(text.replace(f"# {commented}", commented)))["spec"]
        job = job.get("jobTemplate", {"spec": job})["spec"]
        [container] = job["template"]["spec"]["containers"]
        assert container["env"] == [{"name": "DATABASE_URL", "value": SETTINGS["DATABASE_URL"]}]


def test_letters_leave_by_a_port_that_is_open() -> None:
    [policy] = [each["spec"] for each in MANIFESTS if each["kind"] == "NetworkPolicy" and "egress" in each["spec"]]
    ports = {port["port"] for rule in policy["egress"] if "ipBlock" in str(rule) for port in rule["ports"]}
    assert int(SETTINGS["EMAIL_PORT"]) in ports
    assert SETTINGS["EMAIL_USE_TLS"] == "1"


def test_the_alarms_know_the_pods_by_the_job_that_prometheus_gives_them() -> None:
    [found] = [each["spec"] for each in MANIFESTS if each["kind"] == "PodMonitor"]
    chosen = yaml.safe_load((DEPLOY / "kubernetes" / "kustomization.yaml").read_text(encoding="utf-8"))
    assert chosen["labels"][0]["pairs"][found["jobLabel"]] == "tallystick"
    assert 'up{job="tallystick"}' in (DEPLOY / "monitoring" / "rules.yaml").read_text(encoding="utf-8")
    assert {(each["port"], each["path"]) for each in found["podMetricsEndpoints"]} == {
        ("http", "/metrics"), ("metrics", "/"),
    }  # fmt: skip


def test_no_worker_is_started_for_what_is_held_back() -> None:
    [scaled] = [each["spec"] for each in MANIFESTS if each["kind"] == "ScaledObject"]
    assert "max(tallystick_held) == bool 0" in scaled["triggers"][0]["metadata"]["query"]


def test_workers_are_added_for_jobs_that_wait_before_an_alarm_says_so() -> None:
    [scaled] = [each["spec"] for each in MANIFESTS if each["kind"] == "ScaledObject"]
    [jobs] = [each["metadata"] for each in scaled["triggers"] if "tallystick_queue_tasks" in each["metadata"]["query"]]
    assert int(jobs["threshold"]) * scaled["minReplicaCount"] < LONGEST_QUEUE
    assert f"{jobs['query']} > {LONGEST_QUEUE}\n" in (DEPLOY / "monitoring" / "rules.yaml").read_text(encoding="utf-8")


def test_prometheus_comes_to_the_numbers_of_every_process() -> None:
    port = {"name": "metrics", "containerPort": int(SETTINGS["METRICS_PORT"])}
    own = {part: re.findall(r"^Environment=METRICS_PORT=(\d+)$", UNITS[f"tallystick-{part}"], re.M) for part in PARTS}
    assert own["worker"] != own["beat"]
    for part in ("worker", "beat"):
        assert own[part]
        assert port in PODS[part]["containers"][0]["ports"]
        assert "metrics" in ports_open_to("monitoring", part)
    assert "http" in ports_open_to("monitoring", "web")


def ports_open_to(namespace: str, part: str) -> Iterator[str]:
    for policy in (each["spec"] for each in MANIFESTS if each["kind"] == "NetworkPolicy"):
        chosen = policy["podSelector"]
        rules = [
            *chosen.get("matchExpressions", ()),
            *({"values": [value]} for value in chosen.get("matchLabels", {}).values()),
        ]
        if any(part in rule["values"] for rule in rules):
            for rule in policy.get("ingress", ()):
                if namespace in str(rule["from"]):
                    yield from (each["port"] for each in rule["ports"])


def test_nothing_runs_as_root_or_writes_to_its_image_or_keeps_endless_logs() -> None:
    for each in OURS.values():
        assert each["read_only"]
        assert each["cap_drop"] == ["ALL"]
    for each in COMPOSE["services"].values():
        assert each["logging"]["options"]["max-size"]
    for pod in PODS.values():
        assert pod["securityContext"]["runAsNonRoot"]
        container = pod["containers"][0]
        assert container["securityContext"]["readOnlyRootFilesystem"]
        assert container["resources"]["limits"]["memory"]
    assert "\nUSER 10001:10001\n" in (DEPLOY / "Dockerfile").read_text(encoding="utf-8")


def test_kubernetes_schemas_know_every_field() -> None:
    kinds = set()
    for each in MANIFESTS:
        if each["apiVersion"].startswith(("kustomize", "keda.sh", "monitoring.coreos.com")):
            continue  # no part of Kubernetes: it has no schema of them
        kubernetes_validate.validate(each, KUBERNETES, strict=True)
        kinds.add(each["kind"])
    assert len(kinds) == 11


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_kustomize_puts_them_together_with_what_may_be_chosen(tmp_path: Path) -> None:
    shutil.copytree(DEPLOY / "kubernetes", tmp_path / "kubernetes")
    chosen = tmp_path / "kubernetes" / "kustomization.yaml"
    text = chosen.read_text(encoding="utf-8")
    assert "# components:" in text
    chosen.write_text(text.replace("# components:", "components:"), encoding="utf-8")
    made = subprocess.run(["kubectl", "kustomize", str(chosen.parent)], capture_output=True, text=True, check=True)
    rendered = list(yaml.safe_load_all(made.stdout))
    assert {each["kind"] for each in rendered} >= {
        "Deployment",
        "Job",
        "Ingress",
        "ScaledObject",
        "PodMonitor",
        "CronJob",
    }
    assert all(each["kind"] == "Namespace" or each["metadata"]["namespace"] == "tallystick" for each in rendered)
    images = {
        each["spec"]["template"]["spec"]["containers"][0]["image"]
        for each in rendered
        if each["kind"] in {"Deployment", "Job"}
    }
    assert images == {f"registry.example.com/tallystick@sha256:{'0' * 64}"}


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_understands_the_units(tmp_path: Path) -> None:
    shutil.copytree(DEPLOY / "systemd", tmp_path / "units")
    # Programs that are there: it looks for them.
    for path in (tmp_path / "units").glob("*.service"):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("/opt/tallystick/.venv/bin/python", shutil.which("env") or ""), encoding="utf-8")
    units = [str(path) for path in (tmp_path / "units").glob("*.*") if path.is_file()]
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
