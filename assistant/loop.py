"""The mailbox: take an event, step, hand out the effects."""
