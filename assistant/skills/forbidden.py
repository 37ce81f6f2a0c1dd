"""What belongs to the driver's own hands: doors, boot, flaps, driving modes, driver assistance. Asked for, it is refused with the reason."""

from dataclasses import dataclass
from enum import StrEnum

from assistant.core.context import Context
from assistant.core.plan import Decision, Refusal
from assistant.core.request import Request
from assistant.core.text import Phrase
from assistant.core.vehicle import Zone
from assistant.skills import Skill


class DoorPart(StrEnum):
    """Something that opens."""

    DOOR = "door"
    BOOT = "boot"
    BONNET = "bonnet"
    CHARGE_FLAP = "charge_flap"
    FUEL_FLAP = "fuel_flap"
    LOCK = "lock"


class DrivingSetting(StrEnum):
    """A setting that changes how the car drives, warns or brakes."""

    ASSISTANCE = "assistance"
    DRIVE_MODE = "drive_mode"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class ControlDoor(Request):
    """Open, close, lock or unlock a door, the boot, the bonnet or a flap."""

    labels = ("door.control", "vehicle.setting")
    part: DoorPart = DoorPart.DOOR
    zone: Zone | None = None


@dataclass(frozen=True, slots=True)
class ChangeDriving(Request):
    """Change driver assistance, warnings, driving modes or another setting of the car that voice may not touch."""

    labels = ("vehicle.setting",)
    setting: DrivingSetting = DrivingSetting.OTHER


def plan(request: Request, context: Context) -> Decision:
    """Refuse, and say why: because the car moves, or because voice never may."""
    moving = context.car.number("Vehicle.Speed") != 0 or not context.car.fresh("Vehicle.Speed", context.at)
    match request:
        case ControlDoor(part=part) if moving:
            return Refusal(request, Phrase("forbidden.door_driving", {"what": f"@door_part.{part}"}), "driving")
        case ControlDoor(part=part):
            return Refusal(request, Phrase("forbidden.door", {"what": f"@door_part.{part}"}), "forbidden")
        case ChangeDriving(setting=DrivingSetting.OTHER):
            return Refusal(request, Phrase("forbidden.other"), "not_available")
        case ChangeDriving(setting=setting):
            return Refusal(request, Phrase(f"forbidden.{setting}"), "forbidden")
    return Refusal(request, Phrase("forbidden.other"), "not_available")


SKILL = Skill("forbidden", (ControlDoor, ChangeDriving), plan)
