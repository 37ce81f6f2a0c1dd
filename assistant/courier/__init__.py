"""Between the order book and the radio: takes orders from the outbox when the bridge is there, and applies what it says."""

from assistant.courier.courier import Courier
from assistant.courier.notice import Alarm, Answered, ErasureDone, Notice, OrderChanged, Reached

__all__ = ["Alarm", "Answered", "Courier", "ErasureDone", "Notice", "OrderChanged", "Reached"]
