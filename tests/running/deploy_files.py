"""What `deploy/` has, read once for the tests of it."""

from collections.abc import Iterator
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


def manifests() -> Iterator[dict[str, Any]]:
    for path in sorted((DEPLOY / "kubernetes").rglob("*.yaml")):
        yield from yaml.safe_load_all(path.read_text(encoding="utf-8"))


PODS = {
    each["metadata"]["name"].removeprefix("tallystick-"): each["spec"]["template"]["spec"]
    for each in manifests()
    if each["kind"] in {"Deployment", "Job"}
} | {
    each["metadata"]["name"].removeprefix("tallystick-"): each["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    for each in manifests()
    if each["kind"] == "CronJob"
}
[SETTINGS] = [each["data"] for each in manifests() if each["kind"] == "ConfigMap"]
