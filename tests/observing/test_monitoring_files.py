"""What alarms, dashboard and guide speak of is told; what is told stands in the guide; an alarm's page is there."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from chains_app.rates.rules import MAX_AGE
from chains_app.reading.health import NOTICED_AFTER
from checkout_project.facts.installation import CLOCKS_APART, NEW_BLOCK_WITHIN, TOLD_WITHIN
from checkout_project.facts.queued import LONGEST_QUEUE
from checkout_project.guides.contents import by_path
from checkout_project.jobs.failures import short_name
from checkout_project.jobs.schedule import BEAT_SCHEDULE
from checkout_project.neighbours.told import SOON
from checkout_project.observing import known
from common.measures.counted import REGISTRY

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy/monitoring"
RULES, DASHBOARD, GUIDE = FOLDER / "rules.yaml", FOLDER / "dashboard.json", ROOT / "docs/monitoring.md"
TESTS = sorted(FOLDER.glob("rules_*test.yaml"))
_ENDINGS = {"counter": ("_total",), "histogram": ("", "_bucket", "_sum", "_count"), "gauge": ("",)}
_NAME = re.compile(r"\btallystick_[a-z_]*[a-z]\b")


def told() -> set[str]:
    """Every name that a scrape can have, with the endings of its kind."""
    counted = {metric.name + ending for metric in REGISTRY.collect() for ending in _ENDINGS[metric.type]}
    read = set(re.findall(r'"(tallystick_\w+)"', Path(known.__file__).read_text(encoding="utf-8")))
    return counted | read | {"tallystick_provider_differences_total"}


@pytest.mark.parametrize("path", [RULES, DASHBOARD, GUIDE], ids=lambda path: path.name)
def test_whatever_it_speaks_of_is_told(path: Path) -> None:
    named = set(_NAME.findall(path.read_text(encoding="utf-8")))
    assert len(named) > 15
    assert named - told() == set()


def test_the_guide_says_what_each_number_means() -> None:
    bare = {re.sub(r"_(bucket|sum|count)$", "", name) for name in told()} - {"tallystick_provider_differences"}
    assert bare - set(_NAME.findall(GUIDE.read_text(encoding="utf-8"))) == set()


def alarms() -> list[dict[str, dict[str, str]]]:
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


@pytest.mark.parametrize("alarm", alarms(), ids=lambda alarm: alarm["alert"])
def test_each_alarm_says_what_to_do_and_where_that_is_explained(alarm: dict[str, dict[str, str]]) -> None:
    said = alarm["annotations"]
    assert said["action"].endswith((".", "?"))
    path, _, anchor = said["docs"].partition("#")
    guide = by_path(path.removeprefix("/docs/"))
    assert guide is not None
    assert not anchor or anchor in {part.anchor for part in guide.rendered.parts}
    assert alarm["labels"]["severity"] in {"critical", "warning", "info"}


def test_each_alarm_is_seen_to_ring_and_to_be_quiet() -> None:
    moments = [
        moment
        for path in TESTS
        for case in yaml.safe_load(path.read_text(encoding="utf-8"))["tests"]
        for moment in case["alert_rule_test"]
    ]
    named = {alarm["alert"] for alarm in alarms()}
    for is_ringing in (True, False):
        assert named - {each["alertname"] for each in moments if bool(each["exp_alerts"]) is is_ringing} == set()


LIMITS = {
    "TallystickClocksApart": CLOCKS_APART, "TallystickWebhooksNotSent": TOLD_WITHIN, "TallystickRatesGone": MAX_AGE,
    "TallystickRateSourceAway": MAX_AGE, "TallystickNetworkNotRead": NOTICED_AFTER,
    "TallystickNetworkStandsStill": NEW_BLOCK_WITHIN,
}  # fmt: skip


def test_alarms_and_the_operators_front_page_have_the_same_limits() -> None:
    asked = {str(alarm["alert"]): str(alarm["expr"]) for alarm in alarms()}
    for name, limit in LIMITS.items():
        assert re.search(rf"> {limit.total_seconds():.0f}\b", asked[name]), name
    assert asked["TallystickQueueGrows"].endswith(f"> {LONGEST_QUEUE}")
    assert f"< {SOON.days} * 86400 " in asked["TallystickCertificateEnds"]
    [names] = re.findall(r'task=~"([a-z_|]+)"', asked["TallystickJobNotDone"])
    assert set(names.split("|")) <= {short_name(str(each["task"])) for each in BEAT_SCHEDULE.values()}


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool comes with Debian's package prometheus")
@pytest.mark.parametrize(
    "arguments", [["check", "rules", RULES.name], ["test", "rules", *(path.name for path in TESTS)]]
)
def test_prometheus_takes_the_rules(arguments: list[str]) -> None:
    done = subprocess.run(["promtool", *arguments], cwd=FOLDER, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
