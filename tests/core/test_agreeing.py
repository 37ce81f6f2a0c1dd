"""Consent, limits and the PIN."""

from dataclasses import replace

import pytest

from assistant.core.consent import WINDOW_S, Agreed, Consent, Factor, Heard, NoConsent, ReadBack, agree, strengthen
from assistant.core.limits import Bar, Limits, bar, voice_suffices
from assistant.core.money import Money
from assistant.core.pin import LOCK_S, SALT_BYTES, TRIES, Secret, new_pin, spoken_digits, try_pin
from assistant.core.quote import Item, Quote, Refund

ID = "018bcfe5-6800-7ff6-89d6-e4968fde1234"
QUOTE = Quote("Didi", Money(2_350, "CNY"), (Item("ride", 2_350),), (Refund(0, 1_000), Refund(500)), 2_000)
READ = ReadBack(ID, QUOTE.digest, "23.50 yuan to Didi, shall I?", session=7, ended=100.0)
YES = Heard("yes please", session=7, started=100.4)
LIMITS = Limits(Money(5_000, "CNY"), Money(8_000, "CNY"))


def said() -> Consent:
    consent = agree(QUOTE, READ, YES, bridge_now=1_000)
    assert isinstance(consent, Consent)
    return consent


def test_a_yes_after_the_whole_read_back_binds_order_price_and_payee() -> None:
    consent = said()
    assert consent.binds(ID, QUOTE)
    assert not consent.binds("018bcfe5-6800-7ff6-89d6-e4968fde9999", QUOTE)


@pytest.mark.parametrize(
    "other",
    [
        replace(QUOTE, payee="Didi2"),
        replace(QUOTE, amount=Money(2_351, "CNY")),
        replace(QUOTE, amount=Money(2_350, "JPY")),
        replace(QUOTE, items=(Item("ride", 2_350, 2),)),
        replace(QUOTE, items=(Item("taxi", 2_350),)),
        replace(QUOTE, items=(*QUOTE.items, *QUOTE.items)),
        replace(QUOTE, refund=(Refund(0, 1_001), Refund(500))),
        replace(QUOTE, refund=(Refund(500),)),
        replace(QUOTE, refund=()),
        replace(QUOTE, expires=2_001),
    ],
)
def test_any_changed_field_of_a_quote_needs_a_new_yes(other: Quote) -> None:
    assert other.digest != QUOTE.digest
    assert not said().binds(ID, other)
    assert agree(other, READ, YES, 1_000) is NoConsent.OTHER_QUOTE


@pytest.mark.parametrize(
    ("read", "heard", "bridge_now", "why"),
    [
        (replace(READ, ended=None), YES, 1_000, NoConsent.INTERRUPTED),
        (READ, replace(YES, started=99.9), 1_000, NoConsent.TOO_EARLY),
        (READ, replace(YES, started=100.1 + WINDOW_S), 1_000, NoConsent.TOO_LATE),
        (READ, replace(YES, session=8), 1_000, NoConsent.OTHER_CONVERSATION),
        (READ, replace(YES, echo=True), 1_000, NoConsent.OWN_VOICE),
        (READ, YES, 2_000, NoConsent.QUOTE_EXPIRED),
    ],
)
def test_a_yes_out_of_place_is_no_consent(read: ReadBack, heard: Heard, bridge_now: int, why: NoConsent) -> None:
    assert agree(QUOTE, read, heard, bridge_now) is why


def test_what_was_said_leaves_the_car_only_as_a_hash() -> None:
    body = said().to_json()
    assert "yes please" not in str(body)
    assert "shall I" not in str(body)
    agreed = Agreed.from_json(ID, body)
    assert agreed.binds(ID, QUOTE)
    assert not agreed.binds(ID, replace(QUOTE, amount=Money(2_349, "CNY")))


@pytest.mark.parametrize("key", sorted(said().to_json()))
def test_a_consent_that_lacks_a_field_is_refused(key: str) -> None:
    body = said().to_json()
    del body[key]
    with pytest.raises(ValueError, match=key):
        Agreed.from_json(ID, body)


@pytest.mark.parametrize(
    ("amount", "spent", "enough"),
    [
        (Money(5_000, "CNY"), (), True),
        (Money(5_001, "CNY"), (), False),
        (Money(5_000, "CNY"), (Money(3_000, "CNY"),), True),
        (Money(5_000, "CNY"), (Money(3_001, "CNY"),), False),
        (Money(100, "EUR"), (), False),
        (Money(100, "CNY"), (Money(1, "EUR"),), False),
        (Money(100, "CNY"), (Money(8_000, "CNY"), Money(-8_000, "CNY")), False),
        (Money(0, "EUR"), (Money(9_999, "CNY"),), True),
    ],
)
def test_a_voice_alone_pays_up_to_the_owners_limits(amount: Money, spent: tuple[Money, ...], enough: bool) -> None:
    assert voice_suffices(amount, spent, LIMITS) is enough


def test_above_the_limit_only_a_pin_at_standstill_or_the_phones_approval_of_this_digest_pays() -> None:
    dear = replace(said(), amount=Money(9_000, "CNY"))
    assert bar(dear, (), LIMITS, standstill=True, approved=dear.digest) is Bar.SECOND_FACTOR
    assert bar(strengthen(dear, Factor.PIN), (), LIMITS, standstill=False, approved="") is Bar.DRIVING
    assert bar(strengthen(dear, Factor.PIN), (), LIMITS, standstill=True, approved="") is None
    assert bar(strengthen(dear, Factor.PHONE), (), LIMITS, standstill=True, approved="other") is Bar.NOT_APPROVED
    assert bar(strengthen(dear, Factor.PHONE), (), LIMITS, standstill=False, approved=dear.digest) is None


def test_zero_limits_let_no_voice_pay() -> None:
    never = Limits(Money(0, "CNY"), Money(0, "CNY"))
    assert not voice_suffices(Money(1, "CNY"), (), never)


def test_a_pin_opens_locks_after_wrong_ones_and_then_does_not_open_at_all() -> None:
    pin = new_pin("4711", b"s" * SALT_BYTES)
    assert try_pin(pin, "4711", 0) == (True, pin)
    for lock_s in (LOCK_S, 2 * LOCK_S):
        for _ in range(TRIES):
            assert not pin.locked(1000)
            right, pin = try_pin(pin, "1234", 1000)
            assert not right
        assert pin.locked(999 + lock_s)
        assert try_pin(pin, "4711", 999 + lock_s) == (False, pin)
        pin = replace(pin, until=pin.until - lock_s)
    assert try_pin(pin, "4711", 1000)[0]


def test_a_right_pin_forgives_the_wrong_ones_before() -> None:
    _, once = try_pin(new_pin("4711", b"s" * SALT_BYTES), "0000", 0)
    assert once.wrong == 1
    assert try_pin(once, "4711", 0)[1].wrong == 0


@pytest.mark.parametrize(
    ("said", "digits"),
    [
        ("4711", "4711"),
        ("47 11", "4711"),
        ("four seven one one", "4711"),
        ("forty-seven eleven", "4711"),
        ("four seven double one", "4711"),
        ("twelve thirty four", "1234"),
        ("one oh oh nine", "1009"),
        ("twenty twenty", "2020"),
        ("四七一一", "4711"),
        ("四七幺幺", "4711"),
        ("一〇零九", "1009"),
        ("seven", None),
        ("four seven one apple", None),
        ("", None),
        ("1" * 13, None),
    ],
)
def test_a_pin_is_read_as_people_say_it(said: str, digits: str | None) -> None:
    assert spoken_digits(said) == digits


def test_a_secret_is_dots_wherever_it_is_shown() -> None:
    secret = Secret("4711")
    assert "4711" not in f"{secret} {secret!r} {secret:>9} {[secret]} %s" % secret
    assert secret.reveal() == "4711"


@pytest.mark.parametrize("digits", ["", "123", "12a4", "１２３４", "1" * 13])
def test_what_is_no_pin_is_not_kept(digits: str) -> None:
    with pytest.raises(ValueError, match="digits"):
        new_pin(digits, b"s" * SALT_BYTES)


def test_money_of_two_currencies_is_never_reckoned_together() -> None:
    with pytest.raises(ValueError, match="together"):
        _ = Money(1, "EUR") < Money(2, "USD")
    with pytest.raises(ValueError, match="whole"):
        Money(1.5, "EUR")  # type: ignore[arg-type]


def test_the_fee_of_cancelling_follows_the_refund_rule_over_time() -> None:
    assert QUOTE.fee(999) == Money(0, "CNY")
    assert QUOTE.fee(1_000) == Money(500, "CNY")
    assert replace(QUOTE, refund=()).fee(0) == QUOTE.amount
