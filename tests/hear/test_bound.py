import pytest

from assistant.hear.bound import MOST_STATES, Bound, Place, Spellings
from assistant.hear.numerals import _TEENS, _TENS, _UNITS, numerals
from assistant.hear.vocabulary import END, START, Vocabulary
from tests.hear.graph import Graph

UNITS = ["one", "two", "three", "five", "nine"]
NUMBER = ["zero", "ten", "twelve", (["twenty", "thirty"], ["", UNITS]), UNITS, "one hundred", "a hundred and five"]
GRAPH = Graph(
    [
        (["set", "put"], ["", "the"], "temperature to", NUMBER, ["", "point five"], ["", "degrees", "percent"]),
        "what's the time",
        "wake me at seven oh five a m",
        ("go to", ["twenty first", "third"], "street"),
        ("dial", UNITS, ["", UNITS], ["", UNITS]),
        "open the sun-roof",
    ]
)

TOKENS = [
    "Set",
    " set",
    " the",
    " temp",
    "erature",
    " to",
    " 2",
    "2",
    "22",
    "%",
    "°",
    " degrees",
    "-",
    ",",
    ".",
    " What",
    "'s",
    "\u2019s",
]


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Vocabulary:
    path = tmp_path_factory.mktemp("tokens") / "tokenizer.bin"
    pieces = [piece.replace(" ", "\u2581").encode() for piece in ("<unk>", "<s>", "</s>", *TOKENS)]
    path.write_bytes(b"".join(bytes([len(piece)]) + piece for piece in pieces))
    return Vocabulary(path)


@pytest.fixture(scope="module")
def bound(vocabulary: Vocabulary) -> Bound:
    return Bound(GRAPH, Spellings(vocabulary))


def test_tokens_write_text(vocabulary: Vocabulary) -> None:
    tokens = [START, *(TOKENS.index(token) + 3 for token in (" What", "\u2019s", " the", " temp", "erature", ".")), END]

    assert vocabulary.text(tokens) == "What\u2019s the temperature."


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("Set the temperature to twenty-two degrees.", "set the temperature to twenty two degrees"),
        ("Set temperature to 22°", "set temperature to twenty two degrees"),
        ("PUT THE TEMPERATURE TO 30%!", "put the temperature to thirty percent"),
        ("set temperature to 12.5 degrees", "set temperature to twelve point five degrees"),
        ("Set temperature to 0.", "set temperature to zero"),
        ("Set temperature to 100.", "set temperature to one hundred"),
        ("Set temperature to 105.", "set temperature to a hundred and five"),
        ("What's the time?", "what's the time"),
        ("Whats the time", "what's the time"),
        ("Dial 123", "dial one two three"),
        ("Dial 1, 2 3.", "dial one two three"),
        ("Go to 21st street", "go to twenty first street"),
        ("Go to 3rd Street.", "go to third street"),
        ("Open the sunroof", "open the sun-roof"),
        ("Open the sun-roof", "open the sun-roof"),
    ],
)
def test_what_is_written_is_read_as_words_of_the_graph(bound: Bound, written: str, words: str) -> None:
    assert bound.read(written) == tuple(words.split())


@pytest.mark.parametrize(
    "written",
    [
        "",
        "Set the temperature",
        "Set the temperature to",
        "Set the temperature to 44",
        "Set the temperature to twenty ten",
        "Set the temp erature to ten",
        "Settemperature to ten",
        "What time is it",
        "Go to 3th street",
        "dial 4",
    ],
)
def test_what_is_no_sentence_is_not_read(bound: Bound, written: str) -> None:
    assert bound.read(written) is None


def after(bound: Bound, text: str) -> set[str]:
    """Return the tokens that may follow a text."""
    place: Place | None = bound.start
    for letter in text.lower():
        assert place is not None
        place = bound._letter(place, letter)
    assert place is not None
    allowed = bound.allowed(place)
    assert len(allowed.tokens) == len(allowed.spellings)
    for token, spelling in zip(allowed.tokens, allowed.spellings, strict=True):
        assert bound.said(spelling).strip() == "".join(char for char in TOKENS[token - 3].lower() if char.isalnum())
        assert bound.allowed(bound.after(place, spelling)) is not None
    return {TOKENS[token - 3] for token in allowed.tokens}


def test_only_tokens_that_go_on_with_a_sentence_are_allowed(bound: Bound) -> None:
    assert after(bound, "") == {"Set", " set", " What"}
    assert after(bound, "Set") == {" the", " temp", "-", ",", "."}
    assert after(bound, "Set the") == {" temp", "-", ",", "."}
    assert after(bound, "Set the temp") >= {"erature"}
    assert after(bound, "Set the temperature to") == {" 2", ",", "-", "."}
    assert after(bound, "Set the temperature to ") == {" 2", "2", "22"}
    assert after(bound, "Set the temperature to 2") == {"2", "%", "°", ",", "-", ".", " degrees"}
    assert after(bound, "What") == {"'s", "\u2019s", "-", "."}


def test_every_number_below_a_thousand_can_be_digits() -> None:
    below = ["zero", *_UNITS, *_TEENS, ([*_TENS], ["", [*_UNITS]])]
    graph = Graph([below, ([*_UNITS], "hundred", ["", (["", "and"], below)])])

    found = numerals(graph, graph.start)

    assert set(found) >= {str(number) for number in range(1000)}
    assert found["342"][0] == ("three", "hundred", "forty", "two")
    assert found["15"][0] == ("fifteen",)
    assert all(graph.complete(state) for _, state in found.values() if _)


def test_a_graph_without_numbers_has_no_digits() -> None:
    assert numerals(Graph("open the window"), 0) == {}


def test_what_was_not_used_lately_is_forgotten_and_worked_out_again(vocabulary: Vocabulary) -> None:
    words = [f"a{number}" for number in range(MOST_STATES + 50)]
    bound = Bound(Graph(" ".join(words)), Spellings(vocabulary))

    for _ in range(2):
        assert bound.read(" ".join(words)) == tuple(words)
        assert len(bound._words) == MOST_STATES


def test_the_tokens_of_few_places_are_remembered(vocabulary: Vocabulary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.hear.bound.MOST_PLACES", 3)
    bound = Bound(GRAPH, Spellings(vocabulary))

    for _ in range(2):
        assert after(bound, "Set the") == {" temp", "-", ",", "."}
        assert after(bound, "Set the temperature to ") == {" 2", "2", "22"}
    assert len(bound._allowed) == 3
