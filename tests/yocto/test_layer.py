import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
YOCTO = ROOT / "yocto-layer"
LAYER = YOCTO / "meta-cabin"
RECIPES = sorted(LAYER.rglob("*.bb"))
WHEELS = [recipe for recipe in RECIPES if "inherit prebuilt_wheel" in recipe.read_text()]
LOCKED = (ROOT / "scripts" / "requirements" / "all.txt").read_text()


def name(recipe: Path) -> str:
    return recipe.stem.rpartition("_")[0]


def locked(package: str) -> dict[str, set[str]]:
    """Return the locked versions of a package and the hashes of each."""
    lines = re.findall(rf"^{re.escape(package)}==(\S+)[^\n]*\n((?:    --hash=\S+(?: \\)?\n)+)", LOCKED, re.MULTILINE)
    return {version: set(re.findall(r"sha256:([0-9a-f]{64})", hashes)) for version, hashes in lines}


@pytest.mark.slow
def test_the_style_checker_finds_nothing_to_warn_of(tmp_path: Path) -> None:
    beside = Path(sys.executable).with_name("oelint-adv")
    tool = str(beside) if beside.exists() else shutil.which("oelint-adv")
    if tool is None:
        pytest.skip("oelint-adv is not installed")
    files = [*RECIPES, *LAYER.rglob("*.bbclass"), *LAYER.rglob("*.bbappend")]
    options = ["--constantmods", f"+{YOCTO / 'oelint.json'}", "--suppress", "oelint.vars.homepageping"]

    done = subprocess.run(
        [tool, *options, "--quiet", "--hide", "info", "--release", "wrynose", *map(str, files)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "HOME": str(tmp_path)},
    )

    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize("recipe", WHEELS, ids=name)
def test_a_wheel_is_the_locked_one_and_the_recipe_says_why_it_is_a_wheel(recipe: Path) -> None:
    text, version = recipe.read_text(), recipe.stem.rpartition("_")[2]
    files = dict(re.findall(r'^WHEEL\[(\w+)\] = "(.+)"$', text, re.MULTILINE))
    hashes = dict(re.findall(r'^WHEEL_SHA256\[(\w+)\] = "(.+)"$', text, re.MULTILINE))

    assert re.search(r"^# A wheel because .{20,}\.$", text, re.MULTILINE)
    assert files.keys() == hashes.keys()
    assert files.keys() in ({"any"}, {"cp312", "cp314"})
    assert all(f"-{version}-" in file and ("aarch64" in file or "none-any" in file) for file in files.values())
    assert set(hashes.values()) <= locked(name(recipe).removeprefix("python3-"))[version]


@pytest.mark.parametrize("recipe", [recipe for recipe in RECIPES if "inherit" in recipe.read_text()], ids=name)
def test_a_source_from_the_package_index_is_the_locked_one(recipe: Path) -> None:
    text, version = recipe.read_text(), recipe.stem.rpartition("_")[2]
    if not re.search(r"^inherit .*\bpypi\b", text, re.MULTILINE):
        assert "SRC_URI[sha256sum]" not in text
        return
    (digest,) = re.findall(r'^SRC_URI\[sha256sum\] = "([0-9a-f]{64})"$', text, re.MULTILINE)

    assert digest in locked(name(recipe).removeprefix("python3-"))[version]


def test_the_assistant_is_of_the_version_and_licence_it_says() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    (recipe,) = LAYER.rglob("cabin-assistant_*.bb")

    assert recipe.stem == f"{project['name']}_{project['version']}"
    assert f'LICENSE = "{project["license"]}"' in recipe.read_text()


def test_the_assistant_recipe_installs_only_what_is_there() -> None:
    (recipe,) = LAYER.rglob("cabin-assistant_*.bb")
    wanted = re.findall(r"\$\{S\}/([\w./-]+)", recipe.read_text())

    assert [path for path in wanted if not (ROOT / path).exists()] == []


def test_no_wheel_and_no_hash_of_the_layer_comes_from_a_named_package_index() -> None:
    texts = [path.read_text() for path in [*RECIPES, *LAYER.rglob("*.conf"), *LAYER.rglob("*.bbclass")]]

    assert not any(re.search(r"pypi\.org|pythonhosted", text) for text in texts)


def test_every_recipe_of_this_layer_that_another_one_needs_is_here() -> None:
    ours = {name(recipe) for recipe in RECIPES}
    needed = {
        package
        for recipe in RECIPES
        for package in re.findall(r"\bpython3-[\w-]+", recipe.read_text())
        if locked(package.removeprefix("python3-"))
    }

    assert needed - ours <= PUBLIC


PUBLIC = {
    "python3-diskcache", "python3-filelock", "python3-flatbuffers", "python3-fsspec", "python3-jinja2",
    "python3-numpy", "python3-packaging", "python3-paho-mqtt", "python3-protobuf", "python3-pydbus",
    "python3-pygobject", "python3-pytest", "python3-pyyaml", "python3-tqdm", "python3-typing-extensions",
    "python3-cffi", "python3-setuptools",
}  # fmt: skip
"""Recipes of openembedded-core and meta-openembedded."""
