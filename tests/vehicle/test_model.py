import tomllib
from pathlib import Path

import pytest

from assistant.core.vehicle import Zone
from assistant.errors import ConfigError
from assistant.vehicle.model import Model, load, parse, strangers

VEHICLES = Path(__file__).parents[2] / "config" / "vehicles"


def model(signals: str, top: str = "") -> Model:
    return parse(tomllib.loads(f"{top}\n[signals]\n{signals}"), "car.toml")


@pytest.mark.parametrize("path", sorted(VEHICLES.glob("*.toml")), ids=lambda path: path.stem)
def test_every_shipped_car_can_be_read_and_holds_what_the_rules_need(path: Path) -> None:
    car = load(path)

    assert "Vehicle.Speed" in car.signals
    assert not car.signals["Vehicle.Speed"].writable
    assert not [
        name
        for name, signal in car.signals.items()
        if signal.writable and name.startswith(("Vehicle.ADAS", "Vehicle.Body.Lights"))
    ]


def test_a_signal_keeps_its_range_unit_step_and_zone() -> None:
    line = '{ type = "float", unit = "celsius", min = 16, max = 30, step = 0.5, zone = "driver", writable = true }'
    signal = model(f'"Vehicle.Cabin.HVAC.Station.Row1.Driver.Temperature" = {line}').signals[
        "Vehicle.Cabin.HVAC.Station.Row1.Driver.Temperature"
    ]

    assert (signal.unit, signal.minimum, signal.maximum, signal.step, signal.zone) == (
        "celsius",
        16,
        30,
        0.5,
        Zone.DRIVER,
    )


@pytest.mark.parametrize(
    ("line", "message", "mend"),
    [
        ('"Vehicle.Speed" = { type = "float", mim = 0 }', "unknown key 'mim'", "did you mean 'min'"),
        ('"Vehicle.Speed" = { type = "flaot" }', "type is 'flaot'", "did you mean 'float'"),
        ('"Vehicle.Speed" = { typo = "float" }', "unknown key 'typo'", "did you mean 'type'"),
        ('"Vehicle.Speed" = {  }', "type is None", "use one of"),
        ('"Vehicle.Speed" = 3', "is not a table", "type"),
        ('"speed" = { type = "float" }', "not a VSS name", "Vehicle.Branch.Signal"),
        ('"Vehicle.Speed" = { type = "float", min = 30, max = 16 }', "min 30 is not below max 16", "swap"),
        ('"Vehicle.Speed" = { type = "float", min = "low" }', "min is 'low'", "number"),
        ('"Vehicle.Speed" = { type = "float", step = 0 }', "step is 0", "above 0"),
        ('"Vehicle.Speed" = { type = "float", delay_ms = -1 }', "delay_ms is -1", "0 or more"),
        ('"Vehicle.Speed" = { type = "float", live = 1 }', "live is 1", "true or false"),
        ('"Vehicle.Speed" = { type = "float", unit = 1 }', "unit is 1", "word"),
        ('"Vehicle.Speed" = { type = "string", choices = "A" }', "choices is 'A'", "list"),
        ('"Vehicle.Speed" = { type = "float", max = 5, initial = 6 }', "initial 6 does not fit: out_of_range", "range"),
        ('"Vehicle.Speed" = { type = "int", initial = true }', "initial True does not fit: wrong_type", "type"),
        ('"Vehicle.Speed" = { type = "float", max = inf }', "max is inf", "ends"),
        ('"Vehicle.Speed" = { type = "bool", min = 0 }', "a bool has no range", "mend the type"),
        ('"Vehicle.Speed" = { type = "string", step = 1 }', "a string has no range", "step"),
        ('"Vehicle.Speed" = { type = "float", choices = ["A"] }', "choices are different words of a string", "type"),
        ('"Vehicle.Speed" = { type = "string", choices = ["A", "A"] }', "choices are different words", "choices"),
        ('"Vehicle.Speed" = { type = "float", min = 0, max = 2, step = 3 }', "more than its whole range", "smaller"),
        ('"Vehicle.Sped" = { type = "float" }', "unknown signal 'Vehicle.Sped'", "did you mean 'Vehicle.Speed'"),
        (
            '"Vehicle.Cabin.HVAC.Station.Row1.Driver.Temprature" = { type = "float" }',
            "unknown signal",
            "Temperature",
        ),
        ('"Vehicle.Speed" = { type = "float", zone = "drivr" }', "unknown zone 'drivr'", "did you mean 'driver'"),
    ],
)
def test_a_wrong_line_is_told_with_its_mend(line: str, message: str, mend: str) -> None:
    with pytest.raises(ConfigError) as caught:
        model(line)

    assert message in caught.value.message
    assert mend in caught.value.mend


def test_a_signal_that_no_skill_knows_is_allowed_and_told() -> None:
    car = model('"Vehicle.Speed" = { type = "float" }\n"Vehicle.Body.Roof.Antenna" = { type = "bool" }')

    assert strangers(car) == ("Vehicle.Body.Roof.Antenna",)


def test_two_signals_of_a_kind_cannot_serve_the_same_seat() -> None:
    lines = "\n".join(
        f'"Vehicle.Cabin.HVAC.Station.Row2.{side}.Temperature" = {{ type = "float", zone = "{zone}" }}'
        for side, zone in (("Driver", "rear"), ("Passenger", "rear_right"))
    )

    with pytest.raises(ConfigError, match="both serve rear_right"):
        model(lines)


def test_the_side_of_the_driver_decides_which_front_seat_is_left() -> None:
    lines = '"Vehicle.A.Driver.X" = { type = "bool", zone = "driver" }\n"Vehicle.A.Left.X" = { type = "bool", zone = "front_left" }'

    assert model(lines, 'driver_side = "right"').driver_side == "RIGHT"
    with pytest.raises(ConfigError, match="both serve driver"):
        model(lines, 'driver_side = "left"')


@pytest.mark.parametrize(
    "text",
    ["", "name = 'x'", "signals = 3", 'driver_side = "up"\n[signals]\n"Vehicle.A" = { type = "bool" }', "nmae = 1"],
)
def test_a_file_without_a_car_in_it_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        parse(tomllib.loads(text), "car.toml")


def test_a_missing_or_broken_file_is_refused_with_its_name(tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_bytes(b"\xff\xfe[signals")

    for path in (tmp_path / "none.toml", broken, tmp_path):
        with pytest.raises(ConfigError, match=path.name):
            load(path)


def test_a_whole_number_fits_a_float_but_a_truth_fits_no_number() -> None:
    signal = model('"Vehicle.Speed" = { type = "float", min = 0, max = 9 }').signals["Vehicle.Speed"]

    assert signal.unfit(3) == ""
    assert signal.unfit(value=True) == "wrong_type"
    assert signal.unfit(float("nan")) == "out_of_range"
    assert signal.unfit("3") == "wrong_type"
