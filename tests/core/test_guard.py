"""The guard against everything a person, a recogniser or a model may come up with."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.core.context import Context
from assistant.core.guard import CALLS, PERMISSIONS, SERVICES, Allowed, Denied, Motion, judge, permission
from assistant.core.plan import CloudCall, LocalCall, Plan, Step, VehicleCommand
from assistant.core.vehicle import Car, Reading, Signal, Value, Zone
from assistant.skills._car import OnOff as Switch
from assistant.skills.lights import CabinLight, SetLight, plan
from assistant.vehicle.model import load

MODEL = load(Path(__file__).parents[2] / "config" / "vehicles" / "demo.toml")
AT = 1_000.0
SPEED = "Vehicle.Speed"
GEAR = "Vehicle.Powertrain.Transmission.SelectedGear"
LOCK = "Vehicle.Cabin.IsWindowChildLockEngaged"
HANDS_OFF = (
    "Vehicle.Body.Lights", "Vehicle.Body.Horn", "Vehicle.Body.Trunk", "Vehicle.Body.Hood", "Vehicle.Body.Windshield", "Vehicle.ADAS",
    "Vehicle.Powertrain", "Vehicle.Chassis.ParkingBrake", "Vehicle.Chassis.Brake", "Vehicle.Chassis.Accelerator", "Vehicle.Chassis.Axle",
    "Vehicle.Chassis.SteeringWheel.Angle", "Vehicle.Chassis.SteeringWheel.Tilt", "Vehicle.Chassis.SteeringWheel.Extension",
    "Vehicle.Speed", "Vehicle.MotionManagement",
)  # fmt: skip
"""What no voice may ever touch."""
EVERY_SIGNAL = {
    **MODEL.signals,
    **{
        name: Signal(name, kind)
        for name, kind in {
            "Vehicle.Body.Lights.Beam.Low.IsOn": "bool", "Vehicle.Body.Lights.Beam.High.IsOn": "bool", "Vehicle.Body.Lights.Fog.Rear.IsOn": "bool",
            "Vehicle.Body.Lights.Hazard.IsSignaling": "bool", "Vehicle.Body.Lights.LightSwitch": "string", "Vehicle.Body.Horn.IsActive": "bool",
            "Vehicle.Body.Trunk.Rear.IsOpen": "bool", "Vehicle.Body.Trunk.Rear.IsLocked": "bool", "Vehicle.Cabin.Door.Row1.DriverSide.IsOpen": "bool",
            "Vehicle.Cabin.Door.Row2.PassengerSide.IsLocked": "bool", "Vehicle.Chassis.ParkingBrake.IsEngaged": "bool",
            "Vehicle.Chassis.SteeringWheel.Tilt": "int", "Vehicle.Powertrain.Transmission.SelectedGear": "int",
            "Vehicle.Powertrain.Transmission.PerformanceMode": "string", "Vehicle.ADAS.CruiseControl.IsActive": "bool",
            "Vehicle.ADAS.ESC.IsEnabled": "bool", "Vehicle.Body.Mirrors.DriverSide.IsFolded": "bool", "Vehicle.Body.Mirrors.DriverSide.Tilt": "int",
            "Vehicle.Body.Windshield.Front.Wiping.Mode": "string", "Vehicle.Speed": "float",
        }.items()
    },
}  # fmt: skip
"""The demo car and what a careless car model might make writable on top."""


def world(values: Mapping[str, Value] | None = None, seat: Zone = Zone.DRIVER, age_s: float = 0.1) -> Context:
    told: dict[str, Value] = {SPEED: 0.0, GEAR: 126, LOCK: False, **(values or {})}
    readings = {name: Reading(value, AT - age_s) for name, value in told.items()}
    return Context(at=AT, now=datetime(2026, 11, 3, 9, tzinfo=UTC), seat=seat, car=Car(EVERY_SIGNAL, readings))


def verdict(signal: str, value: Value, context: Context) -> str:
    found = judge(VehicleCommand(signal, value), context)
    return "allowed" if isinstance(found, Allowed) else found.reason


values = st.one_of(
    st.booleans(),
    st.integers(-500, 500),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(["UP", "INACTIVE", "#00FF00", "OPEN"]),
)
paths = st.one_of(
    st.sampled_from(sorted(EVERY_SIGNAL)),
    st.builds(
        lambda head, tail: f"{head}.{tail}",
        st.sampled_from(sorted({name.rpartition(".")[0] for name in EVERY_SIGNAL})),
        st.text(max_size=12),
    ),
    st.text(max_size=40),
)
steps: st.SearchStrategy[Step] = st.one_of(
    st.builds(VehicleCommand, paths, values),
    st.builds(
        LocalCall,
        st.one_of(st.text(max_size=20), st.sampled_from(["media.next", "volume.set", "phone.dial", "os.system"])),
    ),
    st.builds(CloudCall, st.one_of(st.text(max_size=10), st.sampled_from(sorted(SERVICES))), st.text(max_size=10)),
)
contexts = st.builds(
    world,
    st.fixed_dictionaries(
        {SPEED: st.sampled_from([0.0, 3.0, 60.0, 130.0, -4.0, float("nan")]), GEAR: st.sampled_from([126, 127, -1])}
    ),
    st.sampled_from(Zone),
    st.sampled_from([0.0, 0.9, 1.1, 30.0]),
)


@given(step=steps, context=contexts)
def test_nothing_outside_the_list_passes(step: Step, context: Context) -> None:
    if isinstance(judge(step, context), Denied):
        return

    match step:
        case VehicleCommand(signal=name, value=value):
            rule = permission(name)
            assert rule is not None
            assert not name.startswith(HANDS_OFF)
            assert context.car.signals[name].writable
            assert not context.car.signals[name].unfit(value)
            moving = context.at - context.car.readings[SPEED].at > 1 or context.car.value(SPEED) != 0
            assert not (moving and rule.motion is not Motion.ANY)
        case LocalCall(name=name):
            who, _, what = name.partition(".")
            assert what in CALLS[who]
        case CloudCall(service=service):
            assert service in SERVICES


@given(
    context=contexts, value=values, name=st.sampled_from([name for name in EVERY_SIGNAL if name.startswith(HANDS_OFF)])
)
def test_lights_outside_doors_brakes_gears_and_assistance_are_never_touched(
    context: Context, value: Value, name: str
) -> None:
    assert verdict(name, value, context) == "forbidden"


def test_no_pattern_of_the_table_reaches_what_belongs_to_the_driver() -> None:
    assert not [rule.pattern for rule in PERMISSIONS if rule.pattern.startswith(HANDS_OFF)]
    assert not [rule.pattern for rule in PERMISSIONS if "Door" in rule.pattern and "Window" not in rule.pattern]


@pytest.mark.parametrize("rule", PERMISSIONS, ids=lambda rule: rule.pattern)
def test_every_line_of_the_table_is_for_a_signal_of_the_demo_car(rule: object) -> None:
    assert [name for name, signal in MODEL.signals.items() if permission(name) is rule and signal.writable]


def test_every_writable_signal_of_the_demo_car_is_in_the_table() -> None:
    assert not [name for name, signal in MODEL.signals.items() if signal.writable and permission(name) is None]


@pytest.mark.parametrize("light", CabinLight)
@pytest.mark.parametrize("switch", Switch)
@pytest.mark.parametrize("zone", [None, *Zone])
def test_turning_lights_off_in_any_words_never_reaches_the_lights_outside(
    light: CabinLight, switch: Switch, zone: Zone | None
) -> None:
    context = world({"Vehicle.Body.Lights.Beam.Low.IsOn": True})

    made = plan(SetLight(light, switch, zone=zone), context)

    assert isinstance(made, Plan)
    signals = {step.signal for step in made.steps if isinstance(step, VehicleCommand)}
    assert signals
    assert all(re.match(r"Vehicle\.Cabin\.Light\.(IsDomeOn|Spotlight\.|AmbientLight\.)", name) for name in signals)


@pytest.mark.parametrize("age_s", [1.01, 5.0, 3600.0, -1.5])
def test_an_old_speed_counts_as_moving(age_s: float) -> None:
    assert verdict("Vehicle.Cabin.Seat.Row1.DriverSide.Position", 100, world(age_s=age_s)) == "driving"


def test_an_unknown_speed_counts_as_moving() -> None:
    for speed in (float("nan"), float("inf"), "fast"):
        assert verdict("Vehicle.Cabin.Seat.Row1.DriverSide.Position", 100, world({SPEED: speed})) == "driving"
    silent = Context(at=AT, now=datetime(2026, 11, 3, tzinfo=UTC), car=Car(EVERY_SIGNAL, {}))
    assert verdict("Vehicle.Cabin.Seat.Row1.DriverSide.Position", 100, silent) == "driving"
    assert verdict("Vehicle.Cabin.Door.Row1.DriverSide.Window.Position", 80, silent) == "stale"


@pytest.mark.parametrize(
    ("speed", "expected"), [(0.0, "allowed"), (0.4, "driving"), (-2.0, "driving"), (90.0, "driving")]
)
def test_the_driver_s_seat_moves_only_at_standstill(speed: float, expected: str) -> None:
    for leaf, value in (
        ("Position", 100),
        ("Height", 20),
        ("Backrest.Recline", 25.0),
        ("Backrest.LumbarSupport", 60.0),
    ):
        assert verdict(f"Vehicle.Cabin.Seat.Row1.DriverSide.{leaf}", value, world({SPEED: speed})) == expected


def test_a_remembered_driver_s_position_needs_park() -> None:
    recall = "Vehicle.Cabin.Seat.Row1.DriverSide.Memory.Recall"

    assert verdict(recall, 1, world()) == "allowed"
    assert verdict(recall, 1, world({GEAR: 127})) == "not_parked"
    assert verdict(recall, 1, world({SPEED: 30.0})) == "driving"
    assert verdict(recall, 4, world()) == "out_of_range"


@pytest.mark.parametrize(
    ("signal", "value", "speed", "expected"),
    [
        ("Vehicle.Cabin.Door.Row1.DriverSide.Window.Position", 100, 100.0, "allowed"),
        ("Vehicle.Cabin.Door.Row1.DriverSide.Window.Position", 100, 100.1, "too_fast"),
        ("Vehicle.Cabin.Door.Row1.DriverSide.Window.Position", 30, 140.0, "allowed"),
        ("Vehicle.Cabin.Door.Row1.DriverSide.Window.Position", 0, 220.0, "allowed"),
        ("Vehicle.Cabin.Sunroof.Position", 40, 101.0, "too_fast"),
        ("Vehicle.Cabin.Sunroof.Position", -100, 130.0, "allowed"),
        ("Vehicle.Cabin.Sunroof.Position", 0, 200.0, "allowed"),
        ("Vehicle.Cabin.Seat.Row1.PassengerSide.Backrest.Recline", 50.0, 10.0, "too_fast"),
        ("Vehicle.Cabin.Seat.Row1.PassengerSide.Backrest.Recline", 50.0, 0.0, "allowed"),
    ],
)
def test_speed_bounds_what_may_open(signal: str, value: Value, speed: float, expected: str) -> None:
    assert verdict(signal, value, world({SPEED: speed})) == expected


@pytest.mark.parametrize(
    ("seat", "signal", "value", "locked", "expected"),
    [
        (Zone.REAR_LEFT, "Vehicle.Cabin.Door.Row1.DriverSide.Window.Position", 0, False, "not_permitted"),
        (Zone.REAR_LEFT, "Vehicle.Cabin.Door.Row1.DriverSide.Window.Position", 0, True, "child_lock"),
        (Zone.REAR_LEFT, "Vehicle.Cabin.Door.Row2.DriverSide.Window.Position", 50, True, "child_lock"),
        (Zone.REAR_LEFT, "Vehicle.Cabin.Door.Row2.DriverSide.Window.Position", 50, False, "allowed"),
        (Zone.REAR, "Vehicle.Cabin.Door.Row2.DriverSide.Window.Position", 50, False, "not_permitted"),
        (Zone.DRIVER, "Vehicle.Cabin.Door.Row2.DriverSide.Window.Position", 50, True, "allowed"),
        (Zone.PASSENGER, "Vehicle.Cabin.Door.Row2.DriverSide.Window.Position", 50, True, "allowed"),
        (Zone.PASSENGER, "Vehicle.Cabin.Seat.Row1.DriverSide.Position", 50, False, "not_permitted"),
        (Zone.REAR_RIGHT, LOCK, False, True, "not_permitted"),
        (Zone.PASSENGER, LOCK, False, True, "allowed"),
        (Zone.REAR_RIGHT, "Vehicle.Cabin.HVAC.Station.Row1.Driver.Temperature", 16.0, False, "not_permitted"),
        (Zone.REAR_RIGHT, "Vehicle.Cabin.HVAC.Station.Row2.Passenger.Temperature", 16.0, False, "allowed"),
        (Zone.REAR_RIGHT, "Vehicle.Cabin.Sunroof.Position", 50, True, "child_lock"),
    ],
)  # fmt: skip
def test_who_speaks_decides_what_may_be_moved(
    seat: Zone, signal: str, value: Value, locked: bool, expected: str
) -> None:
    assert verdict(signal, value, world({LOCK: locked}, seat)) == expected


@pytest.mark.parametrize(
    ("signal", "value", "expected"),
    [
        ("Vehicle.Cabin.HVAC.Station.Row1.Driver.Temperature", 22.0, "allowed"),
        ("Vehicle.Cabin.HVAC.Station.Row1.Driver.Temperature", 31.0, "out_of_range"),
        ("Vehicle.Cabin.HVAC.Station.Row1.Driver.Temperature", float("nan"), "out_of_range"),
        ("Vehicle.Cabin.HVAC.Station.Row1.Driver.Temperature", "22", "wrong_type"),
        ("Vehicle.Cabin.HVAC.Station.Row1.Driver.AirDistribution", "UP", "allowed"),
        ("Vehicle.Cabin.HVAC.Station.Row2.Driver.AirDistribution", "UP", "out_of_range"),
        ("Vehicle.Cabin.HVAC.IsAirConditioningActive", 1, "wrong_type"),
        ("Vehicle.Cabin.Light.AmbientLight.Row1.DriverSide.Color", "#12ab", "out_of_range"),
        ("Vehicle.Cabin.Light.AmbientLight.Row1.DriverSide.Color", "#12ABCD\n", "out_of_range"),
        ("Vehicle.Cabin.Door.Row1.DriverSide.Window.Switch", "ONE_SHOT_OPEN", "out_of_range"),
        ("Vehicle.Cabin.HVAC.Station.Row9.Driver.Temperature", 22.0, "not_available"),
        ("Vehicle.Cabin.HVAC.Station.Row1.Driver.Temperature.Extra", 22.0, "forbidden"),
        ("vehicle.cabin.light.isdomeon", True, "forbidden"),
    ],
)  # fmt: skip
def test_values_are_judged_too(signal: str, value: Value, expected: str) -> None:
    assert verdict(signal, value, world()) == expected


def test_a_car_model_with_too_wide_a_range_does_not_widen_the_table() -> None:
    name = "Vehicle.Cabin.HVAC.Station.Row1.Driver.Temperature"
    context = Context(
        at=AT,
        now=datetime(2026, 11, 3, tzinfo=UTC),
        car=Car({name: Signal(name, "float", minimum=-50, maximum=90)}, {}),
    )

    assert verdict(name, 60.0, context) == "out_of_range"


def test_calls_to_the_head_unit_and_the_services_are_on_the_list_or_forbidden() -> None:
    assert isinstance(judge(LocalCall("media.next"), world()), Allowed)
    assert judge(LocalCall("media.format_disk"), world()) == Denied("forbidden")
    assert judge(LocalCall("shell"), world()) == Denied("forbidden")
    assert judge(LocalCall("volume.set", {"percent": 130}), world()) == Denied("out_of_range")
    assert judge(LocalCall("volume.set", {"percent": "all"}), world()) == Denied("wrong_type")
    assert isinstance(judge(LocalCall("volume.set", {"percent": 55}), world()), Allowed)
    assert isinstance(judge(CloudCall("ride", "book"), world()), Allowed)
    assert judge(CloudCall("bank", "transfer"), world()) == Denied("forbidden")
