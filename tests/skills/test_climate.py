from collections.abc import Mapping

import pytest

from assistant.core.headunit import HeadUnit, Media
from assistant.core.plan import Answer, Decision, LocalCall, Plan, Question, Refusal, VehicleCommand
from assistant.core.request import Request
from assistant.core.vehicle import Value, Zone
from assistant.skills import air, by_request, climate, comfort
from assistant.skills._car import Extent, OnOff, Shift
from assistant.skills.air import Airflow, SetAirflow, SetFan
from assistant.skills.climate import ClimateFeature, SetTemperature, SwitchClimate
from assistant.skills.comfort import Adjustable, AdjustIt, AskClimate, ClimateTopic, ComplainClimate, Feeling
from tests.skills.conftest import World

HVAC = "Vehicle.Cabin.HVAC"
DRIVER = f"{HVAC}.Station.Row1.Driver"
PASSENGER = f"{HVAC}.Station.Row1.Passenger"
REAR_LEFT = f"{HVAC}.Station.Row2.Driver"


def wishes(decision: Decision) -> Mapping[str, Value]:
    assert isinstance(decision, Plan), decision
    return {step.signal: step.value for step in decision.steps if isinstance(step, VehicleCommand)}


def undone(decision: Decision) -> Mapping[str, Value]:
    assert isinstance(decision, Plan)
    return {step.signal: step.value for step in decision.undo if isinstance(step, VehicleCommand)}


def test_a_temperature_is_for_who_speaks_unless_a_zone_is_said(world: World) -> None:
    assert wishes(climate.plan(SetTemperature(22.5), world())) == {f"{DRIVER}.Temperature": 22.5}
    assert wishes(climate.plan(SetTemperature(22.5), world(seat=Zone.PASSENGER))) == {f"{PASSENGER}.Temperature": 22.5}
    assert set(wishes(climate.plan(SetTemperature(22.5, zone=Zone.REAR), world()))) == {
        f"{REAR_LEFT}.Temperature",
        f"{HVAC}.Station.Row2.Passenger.Temperature",
    }
    assert len(wishes(climate.plan(SetTemperature(22.5, zone=Zone.ALL), world()))) == 4


def test_front_left_is_the_driver_only_where_the_driver_sits_left(world: World) -> None:
    right_hand = world({"Vehicle.Cabin.DriverPosition": "RIGHT"})

    assert set(wishes(climate.plan(SetTemperature(20, zone=Zone.FRONT_LEFT), world()))) == {f"{DRIVER}.Temperature"}
    assert set(wishes(climate.plan(SetTemperature(20, zone=Zone.FRONT_LEFT), right_hand))) == {
        f"{PASSENGER}.Temperature"
    }


def test_the_undo_puts_back_what_the_car_said_before(world: World) -> None:
    assert undone(climate.plan(SetTemperature(25), world())) == {f"{DRIVER}.Temperature": 21.0}


def test_an_unknown_value_before_leaves_nothing_to_undo(world: World) -> None:
    assert undone(climate.plan(SetTemperature(25), world({f"{DRIVER}.Temperature": None}))) == {}


@pytest.mark.parametrize(("said", "celsius"), [(68, 20.0), (72, 22.0), (75, 24.0), (22, 22), (17.5, 17.5)])
def test_a_number_that_can_only_be_fahrenheit_is_fahrenheit(world: World, said: float, celsius: float) -> None:
    decision = climate.plan(SetTemperature(said), world())

    assert wishes(decision) == {f"{DRIVER}.Temperature": celsius}
    assert isinstance(decision, Plan)
    assert decision.done.slots["degrees"] == said


@pytest.mark.parametrize("said", [10, 15.5, 31, 95])
def test_a_temperature_the_car_cannot_do_is_refused_with_its_bounds(world: World, said: float) -> None:
    decision = climate.plan(SetTemperature(said), world())

    assert isinstance(decision, Refusal)
    assert decision.reason == "out_of_range"
    assert (decision.phrase.slots["low"], decision.phrase.slots["high"]) == (16, 30)


@pytest.mark.parametrize(
    ("request_", "degrees"),
    [
        (SetTemperature(shift=Shift.UP), 22.0),
        (SetTemperature(shift=Shift.DOWN), 20.0),
        (SetTemperature(shift=Shift.UP, extent=Extent.LITTLE), 21.5),
        (SetTemperature(shift=Shift.DOWN, extent=Extent.LOT), 18.0),
        (SetTemperature(shift=Shift.UP, by=2.5), 23.5),
        (SetTemperature(shift=Shift.UP, by=20), 30.0),
        (SetTemperature(shift=Shift.MAX), 30.0),
        (SetTemperature(shift=Shift.MIN), 16.0),
    ],
)
def test_relative_wishes_start_from_what_is(world: World, request_: SetTemperature, degrees: float) -> None:
    assert wishes(climate.plan(request_, world())) == {f"{DRIVER}.Temperature": degrees}


def test_warmer_for_everyone_keeps_their_differences(world: World) -> None:
    decision = climate.plan(SetTemperature(shift=Shift.UP, zone=Zone.FRONT), world({f"{PASSENGER}.Temperature": 24.0}))

    assert wishes(decision) == {f"{DRIVER}.Temperature": 22.0, f"{PASSENGER}.Temperature": 25.0}
    assert isinstance(decision, Plan)
    assert decision.done.key == "climate.warmer"


def test_what_is_at_its_end_is_said_not_done(world: World) -> None:
    decision = climate.plan(SetTemperature(shift=Shift.UP), world({f"{DRIVER}.Temperature": 30.0}))

    assert isinstance(decision, Answer)
    assert decision.phrase.key == "climate.at_warmest"


def test_warmer_than_unknown_is_asked(world: World) -> None:
    assert isinstance(climate.plan(SetTemperature(shift=Shift.UP), world({f"{DRIVER}.Temperature": None})), Question)
    assert isinstance(climate.plan(SetTemperature(), world()), Question)


@pytest.mark.parametrize(
    ("request_", "signals"),
    [
        (SwitchClimate(ClimateFeature.AIR_CONDITIONING, OnOff.OFF), {f"{HVAC}.IsAirConditioningActive": False}),
        (SwitchClimate(ClimateFeature.RECIRCULATION, OnOff.ON), {f"{HVAC}.IsRecirculationActive": True}),
        (SwitchClimate(ClimateFeature.FRESH_AIR, OnOff.ON), {f"{HVAC}.IsRecirculationActive": False}),
        (SwitchClimate(ClimateFeature.REAR_DEFROST, OnOff.ON), {f"{HVAC}.IsRearDefrosterActive": True}),
        (SwitchClimate(ClimateFeature.SYNC, OnOff.OFF), {f"{HVAC}.IsSyncActive": False}),
        (SwitchClimate(ClimateFeature.CLIMATE, OnOff.OFF, Zone.REAR_LEFT), {f"{REAR_LEFT}.FanSpeed": 0}),
    ],
)
def test_a_switch_moves_its_own_signals_only(
    world: World, request_: SwitchClimate, signals: Mapping[str, Value]
) -> None:
    assert wishes(climate.plan(request_, world())) == signals


def test_switching_the_climate_on_never_weakens_a_fan(world: World) -> None:
    found = wishes(climate.plan(SwitchClimate(ClimateFeature.CLIMATE, OnOff.ON), world({f"{DRIVER}.FanSpeed": 80})))

    assert found[f"{DRIVER}.FanSpeed"] == 80
    assert found[f"{REAR_LEFT}.FanSpeed"] == 30
    assert found[f"{HVAC}.IsAirConditioningActive"] is True


def test_a_car_without_it_says_so(world: World) -> None:
    decision = climate.plan(SwitchClimate(ClimateFeature.WHEEL_HEATING, OnOff.ON), world(without="SteeringWheel"))

    assert isinstance(decision, Refusal)
    assert decision.reason == "not_available"


@pytest.mark.parametrize(
    ("request_", "percent"),
    [
        (SetFan(level=4), 40),
        (SetFan(percent=55), 55),
        (SetFan(shift=Shift.UP), 40),
        (SetFan(shift=Shift.DOWN, extent=Extent.LOT), 10),
        (SetFan(shift=Shift.MAX), 100),
        (SetFan(shift=Shift.MIN), 10),
        (SetFan(on_off=OnOff.OFF), 0),
    ],
)
def test_the_fan_goes_by_levels_and_percent(world: World, request_: SetFan, percent: int) -> None:
    assert wishes(air.plan(request_, world())) == {f"{DRIVER}.FanSpeed": percent}


def test_a_level_the_fan_does_not_have_is_refused(world: World) -> None:
    decision = air.plan(SetFan(level=12), world())

    assert isinstance(decision, Refusal)
    assert decision.phrase.slots["high"] == 10


def test_air_goes_only_where_the_vents_can_send_it(world: World) -> None:
    assert wishes(air.plan(SetAirflow(Airflow.FEET), world())) == {f"{DRIVER}.AirDistribution": "DOWN"}
    assert isinstance(air.plan(SetAirflow(Airflow.WINDSCREEN, Zone.REAR), world()), Refusal)
    assert isinstance(air.plan(SetAirflow(Airflow.EVERYWHERE), world()), Refusal)


@pytest.mark.parametrize(
    ("feeling", "signals"),
    [
        (Feeling.COLD, {f"{DRIVER}.Temperature": 23.0}),
        (Feeling.HOT, {f"{DRIVER}.Temperature": 19.0}),
        (Feeling.STUFFY, {f"{HVAC}.IsRecirculationActive": False}),
        (Feeling.FOGGY, {f"{HVAC}.IsFrontDefrosterActive": True}),
        (Feeling.WINDY, {f"{DRIVER}.FanSpeed": 20}),
    ],
)
def test_a_complaint_is_mended_and_can_be_undone(world: World, feeling: Feeling, signals: Mapping[str, Value]) -> None:
    decision = comfort.plan(ComplainClimate(feeling), world())

    assert wishes(decision) == signals
    assert set(undone(decision)) == set(signals)
    assert isinstance(decision, Plan)
    assert isinstance(decision.request, ComplainClimate)


def test_turning_it_up_means_the_music_while_it_plays_and_is_asked_otherwise(world: World) -> None:
    playing = world(headunit=HeadUnit(media=Media(playing=True, volume_percent=30)))
    decision = comfort.plan(AdjustIt(shift=Shift.UP), playing)
    assert isinstance(decision, Plan)
    assert decision.steps == (LocalCall("volume.set", {"percent": 40}),)

    asked = comfort.plan(AdjustIt(shift=Shift.UP), world())
    assert isinstance(asked, Question)
    assert asked.field == "adjustable"
    assert len(asked.choices) == 3

    answered = comfort.plan(AdjustIt(Adjustable.TEMPERATURE, Shift.UP), world())
    assert wishes(answered) == {f"{DRIVER}.Temperature": 22.0}


@pytest.mark.parametrize("topic", ClimateTopic)
def test_every_topic_is_told_and_never_invented(world: World, topic: ClimateTopic) -> None:
    silent = world(dict.fromkeys(world().car.signals))

    assert isinstance(comfort.plan(AskClimate(topic), world()), Answer)
    assert isinstance(comfort.plan(AskClimate(topic), silent), Refusal)


@pytest.mark.parametrize("module", [climate, air, comfort])
def test_a_request_without_anything_said_is_a_question_or_a_fact(world: World, module: object) -> None:
    for request_class in module.SKILL.requests:  # type: ignore[attr-defined]
        request: Request = request_class()
        assert not isinstance(by_request()[request_class].plan(request, world()), Plan)
