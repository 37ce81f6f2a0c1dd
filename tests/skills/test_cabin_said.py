"""From what people say to what is done and what they hear, in both languages."""

import dataclasses
import itertools
import typing
from collections.abc import Iterator
from enum import StrEnum

import pytest

from assistant.core.context import Context
from assistant.core.guard import Allowed, judge
from assistant.core.plan import Inquiry, Plan
from assistant.core.request import Request
from assistant.core.text import Language
from assistant.core.vehicle import Zone
from assistant.languages.grammar import Grammar
from assistant.languages.kinds import kinds
from assistant.languages.pack import load
from assistant.skills import (
    Skill,
    air,
    by_request,
    climate,
    comfort,
    display,
    forbidden,
    lights,
    seats,
    vehicle,
    windows,
)
from assistant.skills._car import Extent, OnOff, Shift
from assistant.skills.air import Airflow, SetAirflow, SetFan
from assistant.skills.climate import ClimateFeature, SetTemperature, SwitchClimate
from assistant.skills.comfort import AdjustIt, AskClimate, ClimateTopic, ComplainClimate, Feeling
from assistant.skills.display import SetScreen
from assistant.skills.forbidden import ChangeDriving, ControlDoor, DoorPart, DrivingSetting
from assistant.skills.lights import CabinLight, LightColour, SetLight, SetOutsideLight
from assistant.skills.seats import (
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
from assistant.speak.words import SPEECHLESS, render
from tests.skills.conftest import World

SKILLS = (air, climate, comfort, display, forbidden, lights, seats, vehicle, windows)
C, T, W = ClimateFeature, SetTemperature, MoveWindow

SAID: tuple[tuple[Language, str, Request], ...] = (
    ("en", "Set the temperature to 22 degrees.", T(22)),
    ("en", "turn the driver temp to twenty one and a half", T(21.5, zone=Zone.DRIVER)),
    ("en", "Make it a bit warmer in the back", T(shift=Shift.UP, extent=Extent.LITTLE, zone=Zone.REAR)),
    ("en", "turn the heat down by 3 degrees", T(shift=Shift.DOWN, by=3)),
    ("en", "72 degrees please", T(72)),
    ("en", "turn on the A/C", SwitchClimate(C.AIR_CONDITIONING, OnOff.ON)),
    ("en", "please switch the rear defroster off", SwitchClimate(C.REAR_DEFROST, OnOff.OFF)),
    ("en", "defrost the windshield", SwitchClimate(C.FRONT_DEFROST, OnOff.ON)),
    ("en", "recirculation on", SwitchClimate(C.RECIRCULATION, OnOff.ON)),
    ("en", "set the fan to level 3", SetFan(level=3)),
    ("en", "turn the fan all the way up", SetFan(shift=Shift.MAX)),
    ("en", "blow the air at my feet", SetAirflow(Airflow.FEET)),
    ("en", "I'm freezing", ComplainClimate(Feeling.COLD)),
    ("en", "it's too hot in here", ComplainClimate(Feeling.HOT)),
    ("en", "it's stuffy", ComplainClimate(Feeling.STUFFY)),
    ("en", "the windshield is fogged up", ComplainClimate(Feeling.FOGGY)),
    ("en", "turn it up", AdjustIt(shift=Shift.UP)),
    ("en", "is the mirror heating on?", AskClimate(ClimateTopic.MIRROR_HEATING)),
    ("en", "what is the temperature in here", AskClimate(ClimateTopic.INSIDE)),
    ("en", "open the window", W(move=WindowMove.OPEN)),
    ("en", "roll down all the windows", W(move=WindowMove.OPEN, zone=Zone.ALL)),
    ("en", "open the passenger window half way", W(percent=50, zone=Zone.PASSENGER)),
    ("en", "crack the window", W(move=WindowMove.CRACK)),
    ("en", "tilt the sunroof", W(WindowPart.SUNROOF, WindowMove.VENT)),
    ("en", "close the sunshade", W(WindowPart.SUNSHADE, WindowMove.CLOSE)),
    ("en", "turn on the child lock", SetChildLock(OnOff.ON)),
    ("en", "are the windows closed", AskWindow()),
    ("en", "turn on the passenger seat heating", SetSeatComfort(SeatFunction.HEATING, OnOff.ON, zone=Zone.PASSENGER)),
    ("en", "seat heating to level two", SetSeatComfort(SeatFunction.HEATING, level=2)),
    ("en", "move my seat back a little", MoveSeat(SeatPart.SEAT, SeatWay.BACK, Extent.LITTLE)),
    ("en", "save this seat position as number one", UseSeatMemory(MemoryAction.STORE, 1)),
    ("en", "turn off all the reading lights", SetLight(CabinLight.READING, OnOff.OFF)),
    ("en", "make the ambient light blue", SetLight(CabinLight.AMBIENT, colour=LightColour.BLUE)),
    ("en", "turn off the headlights", SetOutsideLight()),
    ("en", "dim the screen a bit", SetScreen(shift=Shift.DOWN, extent=Extent.LITTLE)),
    ("en", "how far can I drive", AskVehicle(VehicleTopic.RANGE)),
    ("en", "what's my tire pressure", AskVehicle(VehicleTopic.TYRES)),
    ("en", "how much gas is left", AskVehicle(VehicleTopic.FUEL)),
    ("en", "open the trunk", ControlDoor(DoorPart.BOOT)),
    ("en", "turn off lane departure warning", ChangeDriving(DrivingSetting.ASSISTANCE)),
    ("zh", "把空调调到二十六度", T(26)),
    ("zh", "副驾温度调到22度半", T(22.5, zone=Zone.PASSENGER)),
    ("zh", "温度调高一点", T(shift=Shift.UP, extent=Extent.LITTLE)),
    ("zh", "打开空调", SwitchClimate(C.CLIMATE, OnOff.ON)),
    ("zh", "关闭后挡风玻璃除雾", SwitchClimate(C.REAR_DEFROST, OnOff.OFF)),
    ("zh", "打开内循环", SwitchClimate(C.RECIRCULATION, OnOff.ON)),
    ("zh", "风量调到三挡", SetFan(level=3)),
    ("zh", "风速调到最大", SetFan(shift=Shift.MAX)),
    ("zh", "吹脚", SetAirflow(Airflow.FEET)),
    ("zh", "我有点冷", ComplainClimate(Feeling.COLD)),
    ("zh", "车里太闷了", ComplainClimate(Feeling.STUFFY)),
    ("zh", "空调现在多少度", AskClimate(ClimateTopic.TEMPERATURE)),
    ("zh", "打开车窗", W(move=WindowMove.OPEN)),
    ("zh", "把所有车窗都关上", W(move=WindowMove.CLOSE, zone=Zone.ALL)),
    ("zh", "主驾车窗打开百分之六十", W(percent=60, zone=Zone.DRIVER)),
    ("zh", "副驾车窗开一半", W(percent=50, zone=Zone.PASSENGER)),
    ("zh", "不要打开车窗", W(move=WindowMove.STOP)),
    ("zh", "别开空调", SwitchClimate(C.CLIMATE, OnOff.OFF)),
    ("zh", "打开天窗通风", W(WindowPart.SUNROOF, WindowMove.VENT)),
    ("zh", "打开主驾座椅加热", SetSeatComfort(SeatFunction.HEATING, OnOff.ON, zone=Zone.DRIVER)),
    ("zh", "座椅通风调到二挡", SetSeatComfort(SeatFunction.VENTILATION, level=2)),
    ("zh", "靠背往前一点", MoveSeat(SeatPart.BACKREST, SeatWay.FORWARD, Extent.LITTLE)),
    ("zh", "关闭前排阅读灯", SetLight(CabinLight.READING, OnOff.OFF, zone=Zone.FRONT)),
    ("zh", "请帮我把车内氛围灯颜色设成玫红色", SetLight(CabinLight.AMBIENT, colour=LightColour.ROSE)),
    ("zh", "把远光灯打开", SetOutsideLight()),
    ("zh", "还能开多远", AskVehicle(VehicleTopic.RANGE)),
    ("zh", "胎压正常吗", AskVehicle(VehicleTopic.TYRES)),
    ("zh", "打开后备箱", ControlDoor(DoorPart.BOOT)),
    ("zh", "打开泊车辅助", ChangeDriving(DrivingSetting.ASSISTANCE)),
)


@pytest.fixture(scope="module")
def grammars() -> dict[Language, Grammar]:
    return {"en": Grammar(load("en"), by_request()), "zh": Grammar(load("zh"), by_request())}


@pytest.mark.parametrize(
    ("language", "text", "request_"), SAID, ids=lambda value: value if isinstance(value, str) else ""
)
def test_what_is_said_is_what_is_asked(
    world: World, grammars: dict[Language, Grammar], language: Language, text: str, request_: Request
) -> None:
    read = grammars[language].read(text, world().now)

    assert read is not None
    assert [one.request for one in read.reads] == [request_]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "turn on the lights in the living room"),
        ("en", "don't open the window"),
        ("en", "never turn off the heating"),
        ("en", "open the file about windows"),
        ("en", "what is the weather in cold lake"),
        ("zh", "不要调高温度"),
        ("zh", "把客厅的窗户打开"),
    ],
)
def test_what_is_not_asked_of_the_car_does_not_move_it(
    world: World, grammars: dict[Language, Grammar], language: Language, text: str
) -> None:
    read = grammars[language].read(text, world().now)

    for one in read.reads if read else ():
        assert not isinstance(by_request()[type(one.request)].plan(one.request, world()), Plan), one.request


def variants(request: type[Request]) -> Iterator[Request]:
    """Yield the request with every value of up to two enum fields at once, and with a few numbers."""
    fields = kinds(request)
    values = {
        name: [*kind.choices]
        if kind.choices
        else [kind.range.minimum, kind.range.maximum, 50.0, 2.0]
        if kind.range
        else []
        for name, kind in fields.items()
    }
    enums = typing.get_type_hints(request)
    for one, other in itertools.combinations_with_replacement(fields, 2):
        for first, second in itertools.product(values[one], values[other]):
            given = {one: first, other: second}
            yield request(**{name: _member(enums[name], value) for name, value in given.items()})
    yield request()


def _member(annotation: object, value: object) -> object:
    options = [option for option in (annotation, *typing.get_args(annotation)) if isinstance(option, type)]
    enum = next((option for option in options if issubclass(option, StrEnum)), None)
    return enum(value) if enum and isinstance(value, str) else value


def worlds(world: World) -> tuple[Context, ...]:
    warm = {name: 67 for name in world().car.signals if name.endswith("HeatingCooling")}
    return world(), world(warm, seat=Zone.PASSENGER), world(dict.fromkeys(world().car.signals)), world(without="Row1")


@pytest.mark.parametrize("skill", [module.SKILL for module in SKILLS], ids=lambda skill: skill.name)
def test_whatever_is_asked_is_answered_in_both_languages_and_inside_the_list_of_effects(
    world: World, skill: Skill
) -> None:
    for context in worlds(world):
        for request in {one for kind in skill.requests for one in variants(kind)}:
            decision = skill.plan(request, context)
            assert not isinstance(decision, Inquiry)
            phrase = decision.done if isinstance(decision, Plan) else decision.phrase
            assert render(phrase, "en", context.now.date()) != SPEECHLESS["en"], (request, phrase)
            assert render(phrase, "zh", context.now.date()) != SPEECHLESS["zh"], (request, phrase)
            if isinstance(decision, Plan):
                verdicts = [judge(step, dataclasses.replace(context, seat=Zone.DRIVER)) for step in decision.steps]
                assert all(
                    isinstance(one, Allowed) or one.reason not in {"forbidden", "wrong_type"} for one in verdicts
                ), verdicts
