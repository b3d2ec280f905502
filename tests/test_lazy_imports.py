"""Packages import what a name stands for when it is first used: a rack loads the nodes it has."""

import ast
import pickle
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

import namgraph as ng
import namgraph.nodes
import namgraph.nodes.nam
import namgraph.presets
import namgraph.runtime
from namgraph.cli.warm import OPTIONAL
from namgraph.graph.catalog.lazy_import import lazy_names
from namgraph.nodes.nam.parametric import dialects, read

ROOT = Path(ng.__file__).parent
TYPES: dict[str, tuple[str, str]] = namgraph.nodes._TYPES
PACKAGES = (namgraph.nodes, namgraph.nodes.nam, namgraph.presets, namgraph.runtime)


def printed(script: str) -> list[set[str]]:
    """What a fresh interpreter prints, the words of each line."""
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\nimport namgraph as ng\n{script}"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stderr == ""
    return [set(line.split()) for line in done.stdout.splitlines()]


def loaded_after(*steps: str) -> list[set[str]]:
    """The modules of the package that one interpreter has loaded after each step."""
    show = "print(*(m[9:] for m in sys.modules if m.startswith('namgraph.')))"
    return printed("\n".join(f"{step}\n{show}" for step in steps))


def types_in(modules: set[str]) -> set[str]:
    """The node types whose modules are among these."""
    return {name for name, (module, _) in TYPES.items() if f"nodes{module}" in modules}


def declared_types(sources: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """The module and the class of each type that files under nodes/ declare with ``@node``."""
    found = {}
    for path, source in sources.items():
        classes = [c for c in ast.parse(source).body if isinstance(c, ast.ClassDef)]
        for made, call in ((c, call) for c in classes for call in c.decorator_list):
            if isinstance(call, ast.Call) and ast.unparse(call.func).endswith("node"):
                name = call.args[0]
                assert isinstance(name, ast.Constant)
                module = "." + path.removesuffix(".py").replace("/", ".")
                found[str(name.value)] = (module, made.name)
    return found


def test_the_table_has_every_node_and_nothing_else() -> None:
    folder = ROOT / "nodes"
    sources = {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob("*.py")
    }
    found = declared_types(sources)
    assert found.pop("pedalboard_effect")[0] == ".pedalboard_effect"  # needs an extra
    assert found == TYPES
    assert sorted(cls for _, cls in TYPES.values()) == namgraph.nodes.__all__
    del sources["utility/gain.py"]
    assert set(found) - set(declared_types(sources)) == {"gain"}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_type_checkers_see_the_names_that_are_imported_late(package: object) -> None:
    tree = ast.parse(Path(vars(package)["__file__"]).read_text(encoding="utf-8"))
    (checked,) = (n for n in tree.body if isinstance(n, ast.If))
    seen = {
        (f".{item.module}", name.name)
        for item in checked.body
        if isinstance(item, ast.ImportFrom)
        for name in item.names
    }
    public = getattr(package, "_PUBLIC", None)
    rows = TYPES.values() if public is None else [(m, n) for m, ns in public.items() for n in ns]
    assert seen == set(rows)
    assert sorted(name for _, name in rows) == vars(package)["__all__"]
    assert {name for _, name in rows} <= set(dir(package))


def test_a_rack_loads_the_nodes_that_it_has() -> None:
    steps = {
        "import namgraph.nodes, namgraph.presets, namgraph.runtime": set(),
        "ng.Graph, ng.Engine, ng.render, ng.load_nam": set(),
        "ng.Gain": {"gain"},
        "ng.Engine(ng.Graph.chain(ng.Gain(), ng.Meter()), sample_rate=48_000)": {"gain", "meter"},
        "ng.Graph.chain(ng.Gain(), ng.Reverb())": {"gain", "meter", "reverb"},
        "ng.node_types()": set(TYPES),
    }
    assert [types_in(modules) for modules in loaded_after(*steps)] == list(steps.values())


def test_a_preset_loads_no_other_kind_of_network_and_no_gpu() -> None:
    play = "ng.Engine(ng.load_preset('crunch'), sample_rate=48_000)"
    lstm = "ng.Engine(ng.Graph.chain(ng.Nam(ng.asset('crunch-lstm.nam'))), sample_rate=48_000)"
    rack, both = loaded_after(play, lstm)
    assert types_in(rack) == {"cab", "dc_block", "delay", "gain", "nam", "pan"}
    unused = {"voices", "cpu.lstm", "captures.keras", "pair.prepare", "parametric.read", "cuda"}
    assert not {f"nodes.nam.{name}" for name in unused} & rack
    assert "runtime.cuda.driver.device" not in rack
    assert {"nodes.nam.cpu.wavenet", "nodes.nam.voices", "nodes.nam.cpu.lstm"} <= both


def test_types_of_the_package_are_known_before_their_modules_are_loaded() -> None:
    script = """
import pickle
from namgraph.graph import node_type
class Mine(ng.Node):
    "Mine."
try:
    node_type("reverv")
except ng.UnknownNameError as error:
    print(*str(error).replace(",", " ").split())
print(*(m for m in sys.modules if m.startswith("namgraph.nodes.")))
try:
    ng.node("gain")(Mine)
except ng.DuplicateNameError as error:
    print(*str(error).split())
ng.node("mine")(Mine)
print(*sorted({"mine", "wah"} & set(ng.node_types())))
"""
    unknown, loaded, taken, both = printed(script)
    assert "reverb" in unknown
    assert loaded == set()
    assert {"'gain'", "namgraph.nodes.utility.gain.Gain:"} <= taken
    assert both == {"mine", "wah"}


def test_a_pickled_node_is_read_before_its_type_is_known() -> None:
    content = pickle.dumps(ng.Tremolo(depth=0.3))
    script = f"import pickle\nnode = pickle.loads({content!r})\nprint(node.depth, node.type_name)"
    modules = "\nprint(ng.nodes.time.__name__, ng.runtime.limits.__name__)"
    assert printed(script + modules) == [
        {"0.3", "tremolo"},
        {"namgraph.nodes.time", "namgraph.runtime.limits"},
    ]


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    find, names, public = lazy_names("namgraph.nodes", {".utility.gain": ["Gain"]})
    assert (find("Gain"), public) == (ng.Gain, ["Gain"])
    assert {"Gain", "__name__"} <= set(names())
    for name in ("Gian", "__wrapped__", "_private"):
        with pytest.raises(AttributeError, match=f"'namgraph.nodes' has no attribute '{name}'"):
            find(name)


def test_every_architecture_with_knobs_has_a_reader() -> None:
    assert set(read.READERS) == set(dialects.PARAMETRIC)


def test_warm_imports_every_module_with_a_kernel() -> None:
    files = [path for folder in ("nodes", "runtime") for path in (ROOT / folder).rglob("*.py")]
    wanted = {
        ".".join(("namgraph", *path.relative_to(ROOT).with_suffix("").parts))
        for path in files
        if re.search(r"^@(ng\.)?(kernel|native\()", path.read_text(encoding="utf-8"), re.MULTILINE)
        and OPTIONAL.isdisjoint(path.relative_to(ROOT).parts)
    }
    script = """
from namgraph.cli.warm import import_kernels
from namgraph.runtime.native.abi import natives
import_kernels()
print(*{native.function.__module__ for native in natives()})
"""
    assert wanted <= printed(script)[0]
    assert {"namgraph.nodes.nam.voices", "namgraph.runtime.engine.process"} <= wanted
