"""What `deploy/` has, read once for the tests of it."""

from typing import Any

import yaml

from tests.stack import ROOT

DEPLOY = ROOT / "deploy"


COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
OURS = {name: each for name, each in COMPOSE["services"].items() if each["image"] == "tallystick"}
UNITS = {
    path.stem.removesuffix("@"): path.read_text(encoding="utf-8") for path in (DEPLOY / "systemd").glob("*.service")
}
COMMON = (DEPLOY / "systemd" / "tallystick-.service.d" / "common.conf").read_text(encoding="utf-8")


MANIFESTS: list[dict[str, Any]] = [
    each
    for path in sorted((DEPLOY / "kubernetes").rglob("*.yaml"))
    for each in yaml.safe_load_all(path.read_text(encoding="utf-8"))
]
PODS = {
    each["metadata"]["name"].removeprefix("tallystick-"): each["spec"]["template"]["spec"]
    for each in MANIFESTS
    if each["kind"] in {"Deployment", "Job"}
} | {
    each["metadata"]["name"].removeprefix("tallystick-"): each["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    for each in MANIFESTS
    if each["kind"] == "CronJob"
}
[SETTINGS] = [each["data"] for each in MANIFESTS if each["kind"] == "ConfigMap"]
