"""What an operator does by hand or by night, in each of the three ways: secrets, images, backups, `manage.py`."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from checkout_project.variables import SECRETS
from tests.running.deploy_files import COMMON, COMPOSE, DEPLOY, MANIFESTS, OURS, PODS
from tests.stack import ROOT

DOCS = ROOT / "docs/deploying.md"


def test_backups_are_kept_where_they_outlive_their_process() -> None:
    """And restored before anything else runs: tools wait for PostgreSQL alone, and are not started with the others."""
    [volume] = [each for each in OURS["tools"]["volumes"] if each.endswith(":/backups")]
    assert volume == "./backups:/backups"
    assert set(OURS["tools"]["volumes"]) > set(OURS["web"]["volumes"])
    assert (OURS["tools"]["profiles"], list(OURS["tools"]["depends_on"])) == (["tools"], ["postgres"])
    for name in ("backup", "tools"):
        [container] = PODS[name]["containers"]
        places = {each["name"]: each["mountPath"] for each in container["volumeMounts"]}
        claims = {each["name"]: each.get("persistentVolumeClaim") for each in PODS[name]["volumes"]}
        assert (places["backups"], claims["backups"]) == ("/backups", {"claimName": "tallystick-backups"})
    [tools] = [each["spec"] for each in MANIFESTS if "tallystick-tools" in str(each.get("metadata"))]
    assert tools["replicas"] == 0


@pytest.mark.skipif(not list(Path("/usr/lib/postgresql").glob("*/bin/pg_dump")), reason="PostgreSQL is not installed")
def test_the_image_has_programs_for_backups_that_run_by_their_own_libraries(tmp_path: Path) -> None:
    dockerfile = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    [script] = re.findall(r"AS postgres\nRUN (.+?)\n\n", dockerfile, re.DOTALL)
    [*_, newest] = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_dump"))
    script = script.replace("/usr/lib/postgresql/18/bin", str(newest.parent)).replace("/opt/postgresql", str(tmp_path))
    subprocess.run(["sh", "-ec", script], check=True)
    assert not {each.name for each in (tmp_path / "lib").iterdir()} & {"libc.so.6", "libm.so.6"}
    assert "libpq.so.5" in {each.name for each in (tmp_path / "lib").iterdir()}
    for name in ("pg_dump", "pg_restore"):
        said = subprocess.run([tmp_path / "bin" / name, "--version"], capture_output=True, text=True, check=True).stdout
        assert said.startswith(f"{name} (PostgreSQL) {newest.parts[-3]}.")
    assert "COPY --from=postgres /opt/postgresql /opt/postgresql\n" in dockerfile
    assert "ENV PATH=/venv/bin:/opt/postgresql/bin:$PATH " in dockerfile


def test_manage_py_is_run_as_the_services_are(tmp_path: Path) -> None:
    """With their drop-in, which their common name gives it, and the code of the release that it lies in."""
    asked = tmp_path / "systemd-run"
    asked.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n', encoding="utf-8")
    asked.chmod(0o755)
    (tmp_path / "tallystick").symlink_to(DEPLOY / "systemd" / "tallystick")  # as from /usr/local/bin

    def run(*words: str) -> list[str]:
        done = subprocess.run(
            [tmp_path / "tallystick", *words], env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout.splitlines()

    *options, python, program, command, file = run("backup", "/var/lib/tallystick/a b.dump")
    assert {"--wait", "--collect", "--pipe"} < set(options)
    assert re.fullmatch(r"--unit=tallystick-backup@\d+", options[-1])
    assert (Path(python).parents[2].resolve(), Path(program).parent.resolve()) == (ROOT, ROOT)
    assert (Path(python).parts[-3:], Path(program).name) == ((".venv", "bin", "python"), "manage.py")
    assert (command, file) == ("backup", "/var/lib/tallystick/a b.dump")
    assert "--unit=tallystick-help@" in run("--help")[4]
    assert "EnvironmentFile=-/etc/tallystick/%p.env\n" in COMMON


IMAGES = {
    **{f"compose.yaml: {name}": each["image"] for name, each in COMPOSE["services"].items() if name not in OURS},
    **dict(re.findall(r"^ARG (BASE|POSTGRES)=(.+)$", (DEPLOY / "Dockerfile").read_text(encoding="utf-8"), re.M)),
}


def test_each_image_of_others_is_named_by_its_digest_and_so_is_yours() -> None:
    assert len(IMAGES) == 5
    assert {
        name for name, image in IMAGES.items() if not re.fullmatch(r"[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}", image)
    } == set()
    chosen = yaml.safe_load((DEPLOY / "kubernetes" / "kustomization.yaml").read_text(encoding="utf-8"))
    assert [(sorted(each), each["name"]) for each in chosen["images"]] == [
        (["digest", "name", "newName"], "tallystick")
    ]
    assert {container["image"] for pod in PODS.values() for container in pod["containers"]} == {"tallystick"}


def test_no_way_of_ours_has_a_secret_in_what_is_no_file() -> None:
    """Neither in what is shipped nor in what the guide has people write."""
    texts = {
        path: path.read_text(encoding="utf-8")
        for path in DEPLOY.rglob("*")
        if path.is_file() and "secrets" not in path.parts
    }
    texts[DOCS] = DOCS.read_text(encoding="utf-8")
    named = re.compile(
        rf"\b({'|'.join(map(re.escape, SECRETS - {'DATABASE_URL', 'REDIS_URL'}))}|RPC_URL_[A-Z]+)(?:=|: )\S"
    )
    stand_in = "SECRET_KEY=stands-in-while-the-image-is-built-only ENCRYPTION_KEYS=c3RhbmRz"
    assert {path.name for path, text in texts.items() if named.search(text.replace(stand_in, ""))} == set()
    urls = [value for text in texts.values() for value in re.findall(r"\b(?:postgresql|redis)://(\S+)", text)]
    assert urls
    assert not [url for url in urls if ":" in url.partition("@")[0] and "@" in url]


def test_a_secret_is_made_whole_or_not_at_all(tmp_path: Path) -> None:
    script = shutil.copy(DEPLOY / "make-secrets.sh", tmp_path)
    dies = tmp_path / "tr"
    dies.write_text("#!/bin/sh\nprintf half\nkill -9 $PPID\n", encoding="utf-8")
    dies.chmod(0o755)
    assert subprocess.run([script], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, check=False).returncode == -9
    for _ in range(2):
        subprocess.run([script], check=True)
        assert (tmp_path / "secrets" / "own").is_dir()
        files = [path for path in (tmp_path / "secrets").iterdir() if path.is_file()]
        made = {path.name: len(path.read_text(encoding="utf-8")) for path in files}
        assert made == {"secret_key": 64, "encryption_keys": 44, "postgres_password": 32, "valkey_password": 32}
