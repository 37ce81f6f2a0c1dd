"""Names end where the sentence goes on: each field takes the thing itself, as a person would mark it, and no word more."""

from datetime import UTC, datetime
from typing import Any

import pytest

from assistant.core.context import Context
from assistant.core.text import Language
from assistant.languages.grammar import Readout
from assistant.skills import by_request
from assistant.understand.rules import Rules

RULES = Rules(by_request())
NOW = datetime(2026, 11, 21, 15, tzinfo=UTC)

FREE = (
    "about",
    "album",
    "artist",
    "contact",
    "destination",
    "number",
    "origin",
    "place",
    "playlist",
    "song",
    "station",
    "what",
    "who",
    "wish",
)
"""Fields that take names and free words."""

SAID: tuple[tuple[Language, str, str, dict[str, str]], ...] = (
    ("en", "Play One Good Reason by Tommy Flanagan on iTunes", "PlayMedia", {"artist": "Tommy Flanagan", "song": "One Good Reason"}),
    ("en", "play the album Bath by Antonella Barba on groove shark", "PlayMedia", {"artist": "Antonella Barba", "album": "Bath"}),
    ("en", "play Dust by Antonella Barba from the album Bath", "PlayMedia", {"artist": "Antonella Barba", "album": "Bath", "song": "Dust"}),
    ("en", "I want to listen to a concerto from Timour Moutsouraev", "PlayMedia", {"artist": "Timour Moutsouraev"}),
    ("en", "play music by artist Mark Ashley", "PlayMedia", {"artist": "Mark Ashley"}),
    ("en", "play only songs by Nena please", "PlayMedia", {"artist": "Nena"}),
    ("en", "play jingle bells next", "PlayMedia", {"song": "jingle bells"}),
    ("en", "play the song over the rainbow", "PlayMedia", {"song": "over the rainbow"}),
    ("en", "play the oldies station", "PlayMedia", {"station": "oldies"}),
    ("en", "add the fire and the wind to my Digster Future Hits playlist", "AddToPlaylist", {"song": "the fire and the wind", "playlist": "Digster Future Hits"}),
    ("en", "add track to my playlist chill out", "AddToPlaylist", {"playlist": "chill out"}),
    ("en", "add the name Kids to the plylist New Indie", "AddToPlaylist", {"song": "Kids", "playlist": "New Indie"}),
    ("en", "add this tune to top hits my playlist", "AddToPlaylist", {"playlist": "top hits"}),
    ("en", "what is the forecast for West Virginia will it be snowy", "AskWeather", {"place": "West Virginia"}),
    ("en", "what is the weather in this week", "AskWeather", {}),
    ("en", "is it going to rain in my area today", "AskWeather", {}),
    ("en", "what is the forecast for my current location", "AskWeather", {}),
    ("zh", "我所在的地方明天冷不冷", "AskWeather", {}),
    ("zh", "当前位置天气怎么样", "AskWeather", {}),
    ("zh", "附近会下雨吗", "AskWeather", {}),
    ("zh", "上海附近会下雨吗", "AskWeather", {"place": "上海"}),
    ("en", "what's the average temperature in Mangalore for this week", "AskWeather", {"place": "Mangalore"}),
    ("en", "will it be freezing in the city of Sardis", "AskWeather", {"place": "Sardis"}),
    ("en", "delete my meeting for one pm on march nineteenth", "ChangeCalendar", {"what": "meeting"}),
    ("en", "cancel 1 pm staff meeting", "ChangeCalendar", {"what": "staff meeting"}),
    ("en", "schedule an appointment to see CJ on thursday", "ChangeCalendar", {"about": "see CJ"}),
    ("en", "schedule a meeting with Jesse next tuesday at eleven am", "ChangeCalendar", {"about": "meeting with Jesse"}),
    ("en", "what time is my appointment on april fourth", "AskCalendar", {"about": "appointment"}),
    ("en", "search the email with keywords hello", "ReadMessages", {"about": "hello"}),
    ("en", "could you read out the email on how to use the new tool?", "ReadMessages", {"about": "how to use the new tool"}),
    ("en", "open contacts and find John Smith", "ChangeContacts", {"about": "John Smith"}),
    ("en", "send an email to Jimmy Klein saying this is the message", "SendMessage", {"who": "Jimmy Klein", "about": "this is the message"}),
    ("en", "prepare email for Susan", "SendMessage", {"who": "Susan"}),
    ("en", "email my mother", "SendMessage", {"who": "mother"}),
    ("en", "I need a train from Cambridge to Leicester that arrives by 12:15 on Friday.", "BookTicket", {"origin": "Cambridge", "destination": "Leicester"}),
    ("en", "I need a train to Cambridge and I need it to leave after 12:45.", "BookTicket", {"destination": "Cambridge"}),
    ("en", "I'm trying to find a train to take me to London from Cambridge, are there any on that route?", "BookTicket", {"origin": "Cambridge", "destination": "London"}),
    ("en", "I need a taxi to come to Backstreet Bistro by 19:30", "BookRide", {"place": "Backstreet Bistro"}),
    ("en", "head to a copy center", "StartRoute", {"place": "copy center"}),
    ("en", "phone Heidi", "MakeCall", {"contact": "Heidi"}),
    ("en", "dial five five five one two", "MakeCall", {"number": "five five five one two"}),
    ("en", "what is Tom's phone number", "ChangeContacts", {"about": "Tom's"}),
    ("en", "has John sent me an email", "ReadMessages", {"about": "John"}),
    ("en", "I'm looking for a train leaving Cambridge after 16:00", "BookTicket", {"origin": "Cambridge"}),
    ("en", "I'm looking for a train that goes to Kings Lynn and departs from Cambridge", "BookTicket", {"origin": "Cambridge", "destination": "Kings Lynn"}),
    ("en", "I need a taxi to pick me up at Regency Gallery and take me to Don Pasquale Pizzeria", "BookRide", {"origin": "Regency Gallery", "place": "Don Pasquale Pizzeria"}),
    ("en", "is there a good place to buy cheap apple strudel nearby", "FindPlace", {"wish": "apple strudel"}),
    ("zh", "用网易云放周杰伦的稻香", "PlayMedia", {"artist": "周杰伦", "song": "稻香"}),
    ("zh", "用QQ音乐播放晴天", "PlayMedia", {"song": "晴天"}),
    ("zh", "我想从绿茶餐厅(光华店)打车到北京千禧大酒店", "BookRide", {"origin": "绿茶餐厅(光华店)", "place": "北京千禧大酒店"}),
    ("zh", "我还想预订星期六从剑桥出发的火车", "BookTicket", {"origin": "剑桥"}),
    ("zh", "我的牙医预约在哪里", "AskCalendar", {"about": "牙医"}),
    ("zh", "把我的理发预约改到明天上午8点", "ChangeCalendar", {"what": "理发"}),
    ("zh", "取消周五去吃饭的活动", "ChangeCalendar", {"what": "去吃饭"}),
    ("zh", "取消生日日程", "ChangeCalendar", {"what": "生日"}),
    ("zh", "取消下午1点的员工会议", "ChangeCalendar", {"what": "员工会议"}),
    ("zh", "添加小组会议，时间是明天3点到4点", "ChangeCalendar", {"about": "小组会议"}),
    ("zh", "把明天的牙科预约加到我的日历中", "ChangeCalendar", {"about": "牙科"}),
    ("zh", "找一下来自安吉拉的邮件", "ReadMessages", {"about": "安吉拉"}),
    ("zh", "我要听一听唐娜怀特发来的邮件", "ReadMessages", {"about": "唐娜怀特"}),
    ("zh", "发短信给王小露的", "SendMessage", {"who": "王小露"}),
    ("zh", "打电话给丹丹移动", "MakeCall", {"contact": "丹丹"}),
    ("zh", "打电话给中国移动", "MakeCall", {"contact": "中国移动"}),
    ("zh", "打电话给大何", "MakeCall", {"contact": "大何"}),
    ("zh", "给10086打电话", "MakeCall", {"number": "10086"}),
    ("zh", "查一下广州到信阳的火车票", "BookTicket", {"origin": "广州", "destination": "信阳"}),
    ("zh", "明天广州到北京的火车", "BookTicket", {"origin": "广州", "destination": "北京"}),
    ("zh", "上海飞北京的机票", "BookTicket", {"origin": "上海", "destination": "北京"}),
    ("zh", "找广州至北京的高铁票", "BookTicket", {"origin": "广州", "destination": "北京"}),
    ("zh", "您好，我想吃麻辣香锅，有人均消费50-100元的餐馆吗？", "FindPlace", {"wish": "麻辣香锅"}),
    ("zh", "我想吃炒疙瘩这道菜，可以帮我推荐一个能做这个的，评分4分以上，人均消费500-1000元的餐馆吗？", "FindPlace", {"wish": "炒疙瘩"}),
)  # fmt: skip


def read(text: str, language: Language) -> Readout | None:
    return RULES.read(text, language, Context(0.0, NOW, language))


@pytest.mark.parametrize(("language", "text", "request_name", "fields"), SAID, ids=[text for _, text, _, _ in SAID])
def test_a_field_takes_the_thing_and_no_word_more(
    language: Language, text: str, request_name: str, fields: dict[str, Any]
) -> None:
    readout = read(text, language)

    assert readout is not None
    (found,) = (one.request for one in readout.reads)
    said = {name: value for name in FREE if (value := getattr(found, name, None))}
    assert (type(found).__name__, said) == (request_name, fields)


@pytest.mark.parametrize(
    "text", ["我想吃火锅，你说哪家店最好吃", "有的，我想坐火车从剑桥到莱斯特，得在星期五之前到那，请帮我找下火车"]
)
def test_no_name_runs_over_a_comma_in_chinese(text: str) -> None:
    readout = read(text, "zh")

    assert readout is None or not any("，" in words for one in readout.reads for words in _names(one.request))


def test_no_name_runs_over_the_end_of_a_sentence_in_english() -> None:
    readout = read("I need a train from Ely to Cambridge. I have a very large bicycle with me", "en")

    assert readout is None or not any(". " in words for one in readout.reads for words in _names(one.request))


def test_a_question_that_says_its_word_twice_takes_nothing_back() -> None:
    readout = read("芭堤雅明天是不是打算下雨", "zh")

    assert readout is None or readout.cost > 1


def _names(request: Any) -> list[str]:
    return [value for name in request.__slots__ if isinstance(value := getattr(request, name), str)]
