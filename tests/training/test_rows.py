import gzip
import json
import random
from pathlib import Path

import pytest

from assistant.bench.rows import measured as rows_measured
from assistant.skills import by_request
from assistant.training import generate, rows
from assistant.training.feed import Feed, weights
from assistant.training.rename import Renamer
from assistant.training.rows import Mapper, Row, located, spanned
from assistant.training.vocabulary import Encoder, decisions, learn

REQUESTS = tuple(by_request())


@pytest.fixture(scope="module")
def mapper() -> Mapper:
    return Mapper(REQUESTS)


def entry(text: str, intent: str, lang: str = "en", **more: object) -> dict[str, object]:
    return {"text": text, "lang": lang, "intent": intent, "source": "test", **more}


def test_a_label_nobody_answers_is_none(mapper: Mapper) -> None:
    row = mapper.row(entry("how tall is mount everest", "info.qa"))
    assert (row.first, row.answer) == (("none",), "none")


def test_the_rules_vouch_for_a_whole_answer(mapper: Mapper) -> None:
    row = mapper.row(entry("set the temperature to twenty two degrees", "climate.control"))
    assert row.answer == "SetTemperature degrees=22"
    assert row.first == ("SetTemperature",)


def test_times_are_copied_not_computed(mapper: Mapper) -> None:
    assert mapper.row(entry("Set an alarm for half past six", "alarm.set")).answer == 'SetAlarm at="half past six"'


@pytest.mark.parametrize(
    ("text", "intent", "lang", "answer"),
    [
        ("play don't", "media.play", "en", 'PlayMedia song="don\'t"'),
        ("order 3 sandwiches", "food.order", "en", 'OrderMeal dish="sandwiches" portions=3'),
        ("set an alarm for ten o'clock on friday", "alarm.set", "en", 'SetAlarm at="ten o\'clock" day="friday"'),
        ("打车去鸭(东)", "ride.book", "zh", 'BookRide place="鸭(东)"'),
    ],
)
def test_values_are_copied_as_they_are_written(mapper: Mapper, text: str, intent: str, lang: str, answer: str) -> None:
    assert mapper.row(entry(text, intent, lang)).answer == answer


def test_a_label_alone_teaches_only_the_decision(mapper: Mapper) -> None:
    row = mapper.row(entry("get rid of my back window frosty stuff please", "climate.control"))
    assert row.answer == ""
    assert "SwitchClimate" in row.first
    assert "none" not in row.first


def test_annotated_slots_teach_fields(mapper: Mapper) -> None:
    slots = {"artist": "booty bass crew"}
    row = mapper.row(entry("Lets hear a bit of that booty bass crew", "media.play", slots=slots))
    assert row.answer == 'PlayMedia artist="booty bass crew"'


def test_a_slot_that_no_field_takes_teaches_no_answer(mapper: Mapper) -> None:
    slots = {"artist": "booty bass crew", "podcast_name": "crew talk"}
    text = "Lets hear a bit of that booty bass crew from crew talk"
    assert mapper.row(entry(text, "media.play", slots=slots)).answer == ""


def test_what_people_marked_goes_before_what_the_rules_read_beside_it(mapper: Mapper) -> None:
    text, slots = "play the veldt on the radio by deadmau5 please", {"song": "veldt", "artist": "deadmau5"}
    assert mapper.row(entry(text, "media.play", slots=slots)).answer == 'PlayMedia artist="deadmau5" song="veldt"'
    ruled = 'BookTicket carriage=train destination="bonn that leaves" day="on friday" at="12:45"'
    marked = 'BookTicket destination="bonn" day="friday"'
    assert mapper.merged(marked, ruled, "en") == (
        'BookTicket carriage=train destination="bonn" day="friday" at="12:45"'
    )
    assert mapper.merged("", ruled, "en") == ruled
    assert mapper.merged(marked, "Stop", "en") == marked
    assert mapper.merged('FindPlace wish="pharmacy"', "FindPlace kind=pharmacy", "en") == "FindPlace kind=pharmacy"


def test_marked_words_that_no_reading_makes_a_day_of_fill_no_field(mapper: Mapper) -> None:
    for said, field in (("tomorrow", ' day="tomorrow"'), ("six am", ""), ("elevenses", "")):
        slots = {"city": "bonn", "timeRange": said}
        row = mapper.row(entry(f"weather {said} over in bonn then", "weather.query", slots=slots))
        assert row.answer == f'AskWeather place="bonn"{field}'


def test_marks_for_one_field_teach_all_of_it_where_they_stand_together(mapper: Mapper) -> None:
    slots = {"Keyword": "al-aqsa mosque", "Address": ["967", "navy walk", "52279", "columbus village"]}
    text = "al-aqsa mosque at 967 navy walk 52279 in columbus village give me directions there"
    place = "al-aqsa mosque at 967 navy walk 52279 in columbus village"
    assert mapper.row(entry(text, "navigation.start", slots=slots)).answer == f'StartRoute place="{place}"'
    slots = {"ContactName": ["辛西娅", "迈克"]}
    text = "给辛西娅和迈克发电子邮件"
    assert mapper.row(entry(text, "message.send", "zh", slots=slots)).answer == 'SendMessage who="辛西娅和迈克"'
    assert spanned(["tennis", "martha"], "tennis at ten this evening with martha", "en") == ""
    assert spanned(["tennis", "jon"], "tennis with martha", "en") == ""


def test_several_requests_may_begin_with_any_of_the_first_label(mapper: Mapper) -> None:
    row = mapper.row(entry("座椅弄热乎些窗子弄开些", "multi.multi", "zh", intents=["seat.control", "window.control"]))
    assert "SetSeatComfort" in row.first
    assert "none" not in row.first


def test_words_are_found_as_they_stand() -> None:
    assert located(["half", "past", "six"], "at Half past six.") == "Half past six"
    assert located(["on"], "the station") == ""
    assert located(list("天安门"), "去天安门广场") == "天安门"


def test_the_written_set_leaves_out_what_it_is_measured_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "DRAWS", dict.fromkeys(generate.DRAWS, 0.0))
    monkeypatch.setattr(generate, "SEVERAL", {"en": 0, "zh": 0})
    halves = {rows_measured(text): text for text in ("Turn it up!", "mute it", "louder", "be quiet", "skip this")}
    measured, free = halves[True], halves[False]
    train, apart, to = tmp_path / "train.gz", tmp_path / "dev.gz", tmp_path / "rows.jsonl"
    for path, texts in ((train, ("stop it", measured, free, "stop it")), (apart, (measured.upper(), free))):
        with gzip.open(path, "wt") as file:
            file.writelines(json.dumps(entry(text, "general.stop")) + "\n" for text in texts)
    generate.write(train, apart, to, REQUESTS, 1, lambda _: None)
    kept = [row.text for row in rows.read(to) if row.source == "test"]
    assert kept == ["stop it", free]


def test_what_is_not_ours_is_drawn_at_its_share() -> None:
    many = [Row(f"a{n}", "en", "x", "info.qa", ("none",), "none") for n in range(90)]
    few = [Row(f"b{n}", "en", "x", "general.stop", ("Stop",), "Stop") for n in range(10)]
    found = weights([*many, *few])
    assert sum(found[:90]) == pytest.approx(0.36)
    assert sum(found) == pytest.approx(1)


def test_a_feed_goes_on_where_it_stopped() -> None:
    some = [Row(f"turn it {n}", "en", "x", "general.stop", ("Stop",), "Stop") for n in range(40)]
    encoder = Encoder(learn([row.text for row in some], REQUESTS, 300))
    feed = Feed(some, encoder, decisions(REQUESTS), 4, 1)
    chunks = feed.chunks(0)
    next(chunks)
    assert next(chunks) == next(feed.chunks(1))


def test_rows_with_words_to_copy_are_drawn_more_often_within_their_label() -> None:
    plain_rows = [Row(f"a{n}", "en", "x", "media.play", ("PlayMedia",), "PlayMedia") for n in range(50)]
    quoted = [Row(f"b{n}", "en", "x", "media.play", ("PlayMedia",), f'PlayMedia song="b{n}"') for n in range(50)]
    other = [Row(f"c{n}", "en", "x", "general.stop", ("Stop",), "Stop") for n in range(100)]
    found = weights([*plain_rows, *quoted, *other])
    assert sum(found[50:100]) == pytest.approx(4 * sum(found[:50]))
    assert sum(found[:100]) == pytest.approx(sum(found[100:]))


def test_renamed_words_change_in_the_sentence_and_in_the_answer_alike() -> None:
    some = [
        Row(f"drive to {place} at {at}", "en", "x", "navigation.start", ("StartRoute",), f'StartRoute place="{place}"')
        for place, at in (("old mill", "noon"), ("the harbour", "dawn"), ("at", "midnight"))
    ]
    renamed, rng = Renamer(some, REQUESTS), random.Random(1)
    found = {renamed(some[0], rng) for _ in range(200)}
    places = {row.answer.removeprefix('StartRoute place="').removesuffix('"') for row in found}
    assert all(
        row.text == f"drive to {place} at noon" for row in found for place in places if f'"{place}"' in row.answer
    )
    assert len(places) > 20
    assert {"old mill", "the harbour"} < places
    assert any("old mill" in place and "the harbour" in place for place in places)
    assert {renamed(some[2], rng).text for _ in range(20)} == {some[2].text}
