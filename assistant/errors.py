"""The tree of what can go wrong; each error knows the phrase a person hears and the exit code a shell sees.

CabinError
├── UsageError            bad arguments, bad input file                 exit 2
│   ├── ConfigError       broken or unknown key in a TOML
│   └── AudioFileError    not audio, cut, empty
├── DeviceError           microphone or loudspeaker missing or gone     exit 1
├── ModelError            model file missing, cut, or of another kind   exit 1
├── EngineError           a recogniser, model process or voice failed   exit 1
├── VehicleError          the car did not do it                         exit 1
├── BusError              the D-Bus, or a program on it                 exit 1
├── LinkError             the radio, the broker or the bridge           exit 1
└── LedgerError           the order book cannot be read or written      exit 1
"""

from enum import StrEnum
from typing import ClassVar


class CabinError(Exception):
    """Say what is wrong and, in `mend`, what the reader can do about it."""

    exit_code: ClassVar[int] = 1
    phrase: ClassVar[str] = "error.internal"

    def __init__(self, message: str, mend: str = "") -> None:
        """Keep one line of what is wrong and one line of the mend."""
        super().__init__(message)
        self.message = message
        self.mend = mend

    def __str__(self) -> str:
        """Return the message and, if there is one, the mend."""
        return f"{self.message} ({self.mend})" if self.mend else self.message


class UsageError(CabinError):
    """The caller gave something that cannot be used."""

    exit_code = 2
    phrase = "error.usage"


class ConfigError(UsageError):
    """A configuration file is broken or holds an unknown key."""


class AudioFileError(UsageError):
    """A file is not audio that can be read."""


class DeviceError(CabinError):
    """A microphone or loudspeaker is missing or went away."""

    phrase = "error.device"


class ModelError(CabinError):
    """A model file is missing, cut, or not what the manifest says."""

    phrase = "error.model"


class EngineError(CabinError):
    """A recogniser, the model process or a voice failed."""

    phrase = "error.engine"


class VehicleError(CabinError):
    """The car refused, kept silent, or reads back something else."""

    phrase = "error.vehicle"


class Trouble(StrEnum):
    """What went wrong on a bus: no bus or nobody of that name; no answer in time; not allowed; a no with a reason."""

    ABSENT = "absent"
    SILENT = "silent"
    DENIED = "denied"
    REFUSED = "refused"


class BusError(CabinError):
    """A call over D-Bus did not work."""

    phrase = "error.device"

    def __init__(self, trouble: Trouble, message: str, mend: str = "", name: str = "") -> None:
        """Keep the kind of trouble and, if the other end answered with an error, its D-Bus name."""
        super().__init__(message, mend)
        self.trouble = trouble
        self.name = name


class LinkError(CabinError):
    """The way to the bridge is broken."""

    phrase = "error.link"


class LedgerError(CabinError):
    """The order book cannot be read or written."""

    phrase = "error.ledger"
