"""What a telephone sends as its phonebook, and how numbers are told to be the same."""

import logging

import pytest

from assistant.platform.contacts import MOST, Contacts, plain, read_cards, same

BOOK = """BEGIN:VCARD\r
VERSION:3.0\r
FN:Ann Lee\r
N:Lee;Ann;;;\r
TEL;TYPE=HOME;TYPE=VOICE:020 7946 0123\r
TEL;TYPE=CELL;TYPE=PREF:+44 (0)20 7946-0991\r
PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRgABAQ==\r
END:VCARD\r
BEGIN:VCARD\r
VERSION:2.1\r
N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=E5=BC=A0;=E4=BC=9F;;=\r
;\r
TEL;CELL:13900139002\r
TEL;FAX:13900139003\r
END:VCARD\r
BEGIN:VCARD\r
VERSION:4.0\r
FN:Dr. Jos\\, the "pl\r
 umber" \U0001f527\r
item1.TEL;VALUE=uri;TYPE="work,voice":tel:+49-30-123456;ext=9\r
END:VCARD\r
"""


def test_names_and_the_number_that_is_best_called() -> None:
    assert read_cards(BOOK) == {
        "Ann Lee": "+442079460991",
        "伟 张": "13900139002",
        "Dr. Jos the plumber": "+4930123456",
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "BEGIN:VCARD\nEND:VCARD",
        "BEGIN:VCARD\nFN:Ann\nEND:VCARD",
        "BEGIN:VCARD\nFN:Ann\nTEL:+1555010",
        "BEGIN:VCARD\nFN:Ann\nTEL:12\nEND:VCARD",
        "BEGIN:VCARD\nFN:Ann\nTEL:1234567890123456789\nEND:VCARD",
        "BEGIN:VCARD\nFN:\U0001f527\U0001f527\nTEL:5550100\nEND:VCARD",
        "BEGIN:VCARD\nFN;ENCODING=QUOTED-PRINTABLE:=FF=\nTEL:5550100\nEND:VCARD",
        "TEL:5550100\nEND:VCARD",
        "\0" * 100,
    ],
)
def test_what_is_no_whole_card_is_passed_over(text: str) -> None:
    assert [number for number in read_cards(text).values() if number != "5550100"] == []


def test_a_phonebook_is_bounded() -> None:
    card = "BEGIN:VCARD\nFN:Ann {0}\nTEL:+1555{0:07}\nEND:VCARD\n"

    assert len(read_cards("".join(card.format(number) for number in range(MOST + 50)))) == MOST


@pytest.mark.timeout(20)
def test_a_name_without_end_is_no_name() -> None:
    long = "BEGIN:VCARD\nFN;ENCODING=QUOTED-PRINTABLE:" + "=41" * 20 + "=\n" * 200_000 + "TEL:1\nEND:VCARD"

    assert read_cards(long) == {}


@pytest.mark.parametrize(
    ("written", "dialled"),
    [
        ("+44 (0)20 7946 0991", "+442079460991"),
        ("tel:+49-30-123456;ext=9", "+4930123456"),
        ("0044 20 7946 0991", "00442079460991"),
        ("*#06#", "*#06#"),
        ("555-0100,,123#", "5550100"),
        ("1+2", "12"),
        ("", ""),
    ],
)
def test_a_number_as_it_is_dialled(written: str, dialled: str) -> None:
    assert plain(written) == dialled


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("+442079460991", "02079460991", True),
        ("+442079460991", "00442079460991", True),
        ("+8613900139002", "13900139002", True),
        ("+442079460991", "+332079460991", False),
        ("+442079460991", "460991", False),
        ("+442079460991", "02079460992", False),
        ("112", "+49112", False),
    ],
)
def test_the_same_number_written_differently(one: str, other: str, alike: bool) -> None:
    assert same(one, other) is alike
    assert same(other, one) is alike


def test_who_rings_is_found_however_the_number_is_written() -> None:
    contacts = Contacts({"Ann Lee": "020 7946 0991", "Mum": "+441614960000", "Mother": "+441614960000"})

    assert contacts.name("+442079460991") == "Ann Lee"
    assert contacts.name("01614960000") == "Mum"
    assert contacts.name("+15550100") == ""
    assert contacts.number("ANN LEE") == "02079460991"
    assert contacts.names["contact"] == ("Ann Lee", "Mum", "Mother")
    assert contacts.names["given_name"] == ("Ann",)


def test_no_name_is_ever_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        Contacts(read_cards(BOOK)).name("+442079460991")

    assert caplog.text == ""
