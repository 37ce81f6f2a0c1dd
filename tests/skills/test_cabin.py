from collections.abc import Mapping

import pytest

from assistant.core.plan import Answer, Decision, Plan, Question, Refusal, VehicleCommand
from assistant.core.request import Request
from assistant.core.vehicle import Value, Zone
from assistant.skills import display, forbidden, lights, seats, vehicle, windows
from assistant.skills._car import Extent, OnOff, Shift
from assistant.skills.display import MoveScreen, SetScreen
from assistant.skills.forbidden import ChangeDriving, ControlDoor, DoorPart, DrivingSetting
from assistant.skills.lights import CabinLight, LightColour, SetLight, SetOutsideLight
from assistant.skills.seats import (
    AskSeat,
    MemoryAction,
    MoveSeat,
    SeatFunction,
    SeatPart,
    SeatWay,
    SetSeatComfort,
    UseSeatMemory,
)
from assistant.skills.vehicle import AskVehicle, VehicleTopic
from assistant.skills.windows import AskWindow, MoveWindow, SetChildLock, WindowMove, WindowPart
from tests.skills.conftest import World

DOOR = "Vehicle.Cabin.Door.Row1.DriverSide"
SEAT = "Vehicle.Cabin.Seat.Row1.DriverSide"
LIGHT = "Vehicle.Cabin.Light"


def wishes(decision: Decision) -> Mapping[str, Value]:
    assert isinstance(decision, Plan), decision
    return {step.signal: step.value for step in decision.steps if isinstance(step, VehicleCommand)}


def refused(decision: Decision) -> str:
    assert isinstance(decision, Refusal), decision
    return decision.reason


@pytest.mark.parametrize(
    ("request_", "signals"),
    [
        (MoveWindow(move=WindowMove.OPEN), {f"{DOOR}.Window.Position": 100}),
        (MoveWindow(move=WindowMove.CRACK), {f"{DOOR}.Window.Position": 10}),
        (MoveWindow(percent=50), {f"{DOOR}.Window.Position": 50}),
        (MoveWindow(WindowPart.SUNROOF, WindowMove.VENT), {"Vehicle.Cabin.Sunroof.Position": -100}),
        (MoveWindow(WindowPart.SUNROOF, percent=30), {"Vehicle.Cabin.Sunroof.Position": 30}),
        (MoveWindow(WindowPart.SUNSHADE, WindowMove.CLOSE), {"Vehicle.Cabin.Sunroof.Shade.Position": 100}),
        (MoveWindow(WindowPart.REAR_SHADE, percent=25), {"Vehicle.Cabin.RearShade.Position": 75}),
        (SetChildLock(OnOff.ON), {"Vehicle.Cabin.IsWindowChildLockEngaged": True}),
    ],
)
def test_glass_and_shades_move_where_they_were_told(
    world: World, request_: Request, signals: Mapping[str, Value]
) -> None:
    assert wishes(windows.plan(request_, world())) == signals


def test_all_windows_are_one_plan(world: World) -> None:
    assert len(wishes(windows.plan(MoveWindow(move=WindowMove.OPEN, zone=Zone.ALL), world()))) == 4


@pytest.mark.parametrize(("move", "position"), [(WindowMove.MORE, 60), (WindowMove.LESS, 20)])
def test_a_little_further_starts_from_where_it_is(world: World, move: WindowMove, position: int) -> None:
    half = world({f"{DOOR}.Window.Position": 40})

    assert wishes(windows.plan(MoveWindow(move=move), half)) == {f"{DOOR}.Window.Position": position}
    assert isinstance(windows.plan(MoveWindow(move=move), world({f"{DOOR}.Window.Position": None})), Question)


def test_a_window_that_is_closed_is_not_closed_again(world: World) -> None:
    decision = windows.plan(MoveWindow(move=WindowMove.CLOSE), world())

    assert isinstance(decision, Answer)
    assert decision.phrase.key == "windows.already_closed"


def test_stop_stops_every_window_and_is_not_undone(world: World) -> None:
    decision = windows.plan(MoveWindow(move=WindowMove.STOP), world())

    assert set(wishes(decision).values()) == {"INACTIVE"}
    assert len(wishes(decision)) == 4
    assert isinstance(decision, Plan)
    assert decision.undo == ()


def test_open_windows_are_named(world: World) -> None:
    closed = windows.plan(AskWindow(), world())
    one = windows.plan(AskWindow(), world({f"{DOOR}.Window.Position": 30}))

    assert isinstance(closed, Answer)
    assert closed.phrase.key == "windows.all_closed"
    assert isinstance(one, Answer)
    assert one.phrase.slots["parts"] == ("@window.driver",)


@pytest.mark.parametrize(
    ("request_", "value"),
    [
        (SetSeatComfort(SeatFunction.HEATING, OnOff.ON), 67),
        (SetSeatComfort(SeatFunction.HEATING, level=3), 100),
        (SetSeatComfort(SeatFunction.HEATING, shift=Shift.UP), 33),
        (SetSeatComfort(SeatFunction.HEATING, shift=Shift.MAX), 100),
        (SetSeatComfort(SeatFunction.VENTILATION, OnOff.ON), -67),
        (SetSeatComfort(SeatFunction.VENTILATION, level=1), -33),
    ],
)
def test_heating_and_ventilation_are_the_two_halves_of_one_signal(
    world: World, request_: SetSeatComfort, value: int
) -> None:
    assert wishes(seats.plan(request_, world())) == {f"{SEAT}.HeatingCooling": value}


def test_switching_ventilation_off_leaves_the_heating_on(world: World) -> None:
    heated = world({f"{SEAT}.HeatingCooling": 67})

    assert isinstance(seats.plan(SetSeatComfort(SeatFunction.VENTILATION, OnOff.OFF), heated), Answer)
    assert wishes(seats.plan(SetSeatComfort(SeatFunction.HEATING, OnOff.OFF), heated)) == {f"{SEAT}.HeatingCooling": 0}


def test_seats_without_the_function_are_left_or_refused(world: World) -> None:
    front = wishes(seats.plan(SetSeatComfort(SeatFunction.MASSAGE, OnOff.ON, zone=Zone.ALL), world()))

    assert len(front) == 2
    assert (
        refused(seats.plan(SetSeatComfort(SeatFunction.MASSAGE, OnOff.ON, zone=Zone.REAR), world())) == "not_available"
    )
    assert (
        refused(seats.plan(SetSeatComfort(SeatFunction.VENTILATION, OnOff.ON, zone=Zone.REAR), world()))
        == "not_available"
    )
    assert refused(seats.plan(SetSeatComfort(SeatFunction.HEATING, level=8), world())) == "out_of_range"


@pytest.mark.parametrize(
    ("request_", "signals"),
    [
        (MoveSeat(way=SeatWay.FORWARD), {f"{SEAT}.Position": 100}),
        (MoveSeat(way=SeatWay.BACK, extent=Extent.LITTLE), {f"{SEAT}.Position": 160}),
        (MoveSeat(way=SeatWay.UP), {f"{SEAT}.Height": 50}),
        (MoveSeat(SeatPart.BACKREST, SeatWay.BACK), {f"{SEAT}.Backrest.Recline": 32.0}),
        (MoveSeat(SeatPart.LUMBAR, SeatWay.FORWARD), {f"{SEAT}.Backrest.LumbarSupport": 80.0}),
        (UseSeatMemory(slot=2), {f"{SEAT}.Memory.Recall": 2}),
        (UseSeatMemory(MemoryAction.STORE, 1), {f"{SEAT}.Memory.Store": 1}),
    ],
)
def test_seats_move_by_presses_of_their_own_button(
    world: World, request_: Request, signals: Mapping[str, Value]
) -> None:
    assert wishes(seats.plan(request_, world())) == signals


def test_a_recalled_position_is_undone_part_by_part(world: World) -> None:
    decision = seats.plan(UseSeatMemory(slot=2), world())

    assert isinstance(decision, Plan)
    assert {step.signal: step.value for step in decision.undo if isinstance(step, VehicleCommand)} == {
        f"{SEAT}.Position": 140,
        f"{SEAT}.Height": 30,
        f"{SEAT}.Backrest.Recline": 22.0,
    }


def test_a_seat_tells_its_level(world: World) -> None:
    heated = seats.plan(AskSeat(SeatFunction.HEATING), world({f"{SEAT}.HeatingCooling": 67}))

    assert isinstance(heated, Answer)
    assert heated.phrase.slots["level"] == 2


def test_a_reading_light_is_for_who_speaks_and_the_ambient_light_for_all(world: World) -> None:
    back = world(seat=Zone.REAR_RIGHT)

    assert wishes(lights.plan(SetLight(CabinLight.READING, OnOff.ON), back)) == {
        f"{LIGHT}.Spotlight.Row2.PassengerSide.IsLightOn": True
    }
    assert len(wishes(lights.plan(SetLight(CabinLight.AMBIENT, OnOff.OFF), world()))) == 4


def test_colour_and_brightness_switch_the_light_on_too(world: World) -> None:
    red = wishes(lights.plan(SetLight(CabinLight.AMBIENT, colour=LightColour.RED, zone=Zone.DRIVER), world()))
    bright = wishes(lights.plan(SetLight(CabinLight.READING, percent=60), world()))

    assert red == {
        f"{LIGHT}.AmbientLight.Row1.DriverSide.IsLightOn": True,
        f"{LIGHT}.AmbientLight.Row1.DriverSide.Color": "#FF0000",
    }
    assert bright == {
        f"{LIGHT}.Spotlight.Row1.DriverSide.IsLightOn": True,
        f"{LIGHT}.Spotlight.Row1.DriverSide.Intensity": 60,
    }


def test_what_a_light_cannot_do_is_refused(world: World) -> None:
    assert refused(lights.plan(SetLight(CabinLight.READING, colour=LightColour.RED), world())) == "not_available"
    assert refused(lights.plan(SetLight(CabinLight.INTERIOR, percent=50), world())) == "not_available"
    assert refused(lights.plan(SetOutsideLight(), world())) == "forbidden"
    assert isinstance(lights.plan(SetLight(on_off=OnOff.OFF), world()), Question)


def test_the_screen_is_never_made_so_dark_that_nothing_can_be_read(world: World) -> None:
    assert wishes(display.plan(SetScreen(percent=0), world())) == {"Vehicle.Cabin.Infotainment.HMI.Brightness": 5.0}
    assert wishes(display.plan(SetScreen(shift=Shift.DOWN, by=10), world())) == {
        "Vehicle.Cabin.Infotainment.HMI.Brightness": 60.0
    }
    assert refused(display.plan(MoveScreen(), world())) == "not_available"


@pytest.mark.parametrize("part", DoorPart)
def test_doors_are_refused_and_while_moving_because_of_it(world: World, part: DoorPart) -> None:
    assert refused(forbidden.plan(ControlDoor(part), world())) == "forbidden"
    assert refused(forbidden.plan(ControlDoor(part), world({"Vehicle.Speed": 20.0}))) == "driving"
    assert refused(forbidden.plan(ControlDoor(part), world({"Vehicle.Speed": None}))) == "driving"


@pytest.mark.parametrize("setting", DrivingSetting)
def test_how_the_car_drives_is_never_changed(world: World, setting: DrivingSetting) -> None:
    assert refused(forbidden.plan(ChangeDriving(setting), world())) in {"forbidden", "not_available"}


@pytest.mark.parametrize("topic", VehicleTopic)
def test_the_car_tells_what_it_knows_and_invents_nothing(world: World, topic: VehicleTopic) -> None:
    silent = world(dict.fromkeys(world().car.signals))

    assert isinstance(vehicle.plan(AskVehicle(topic), world()), Answer) is (topic is not VehicleTopic.OTHER_ASSISTANCE)
    assert isinstance(vehicle.plan(AskVehicle(topic), silent), Refusal)


@pytest.mark.parametrize(
    ("topic", "values", "key"),
    [
        (VehicleTopic.TYRES, {"Vehicle.Chassis.Axle.Row2.Wheel.Left.Tire.IsPressureLow": True}, "vehicle.tyres_low"),
        (VehicleTopic.FUEL, {"Vehicle.Powertrain.FuelSystem.IsFuelLevelLow": True}, "vehicle.fuel_low"),
        (VehicleTopic.DOORS, {"Vehicle.Cabin.Door.Row2.DriverSide.IsOpen": True}, "vehicle.doors_open"),
        (VehicleTopic.SERVICE, {"Vehicle.Service.IsServiceDue": True}, "vehicle.service_due"),
        (
            VehicleTopic.CHARGING,
            {"Vehicle.Powertrain.TractionBattery.Charging.IsCharging": True},
            "vehicle.charging_until",
        ),
        (VehicleTopic.RANGE, {"Vehicle.Powertrain.TractionBattery.Range": None}, "vehicle.range"),
    ],
)
def test_what_needs_attention_is_said_first(
    world: World, topic: VehicleTopic, values: Mapping[str, Value], key: str
) -> None:
    decision = vehicle.plan(AskVehicle(topic), world(values))

    assert isinstance(decision, Answer)
    assert decision.phrase.key == key


def test_a_pure_electric_car_answers_fuel_with_its_battery(world: World) -> None:
    decision = vehicle.plan(AskVehicle(VehicleTopic.FUEL), world(without="FuelSystem"))

    assert isinstance(decision, Answer)
    assert decision.phrase.key == "vehicle.battery"
