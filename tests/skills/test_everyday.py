"""What people say every day, in both languages: understood, planned, sayable, done on the bench and taken back."""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from typing import Any

import pytest

from assistant.core.context import Connectivity, Context
from assistant.core.headunit import HeadUnit
from assistant.core.plan import Answer, Decision, Inquiry, LocalCall, Plan, Status
from assistant.core.request import Request
from assistant.core.text import LANGUAGES, Language, Phrase
from assistant.languages.grammar import Grammar
from assistant.languages.pack import load
from assistant.places import shipped
from assistant.platform.simulator import SimulatedHeadUnit
from assistant.platform.world import World, read_world
from assistant.skills import by_request, skills
from assistant.speak.words import render

NOW = datetime(2026, 11, 6, 14, 0, tzinfo=UTC)
MINE = {
    "beyond", "clock", "conversation", "help", "meal", "media", "navigate", "phone", "privacy", "reminders", "route",
    "settings", "timers", "volume", "weather",
}  # fmt: skip
OWN_CALLS = {
    "timer.set", "timer.cancel", "assistant.set_language", "assistant.set_voice", "assistant.set_speed",
    "assistant.mute_microphone", "assistant.set_name", "assistant.reset_settings", "assistant.delete_data",
}  # fmt: skip

EN: dict[str, tuple[str, dict[str, Any]]] = {
    "turn the volume up a bit": ("SetVolume", {"direction": "up", "amount": "little"}),
    "set the volume to 4": ("SetVolume", {"level": 4}),
    "volume at thirty five percent": ("SetVolume", {"percent": 35}),
    "turn the radio down by 20 percent": ("SetVolume", {"direction": "down", "by_percent": 20}),
    "turn the music all the way up": ("SetVolume", {"end": "max"}),
    "could you mute the sound please": ("MuteVolume", {}),
    "unmute": ("UnmuteVolume", {}),
    "how loud is it": ("AskVolume", {}),
    "play some music": ("PlayMedia", {}),
    "play my running playlist": ("PlayMedia", {"playlist": "Running"}),
    "i'd like to listen to harbour lights": ("PlayMedia", {"song": "Harbour Lights"}),
    "play some songs by mara wells": ("PlayMedia", {"artist": "Mara Wells"}),
    "play the album letters": ("PlayMedia", {"album": "Letters"}),
    "tune to jazz fm": ("PlayMedia", {"station": "Jazz FM"}),
    "switch to bluetooth": ("PlayMedia", {"source": "bluetooth"}),
    "pause the music": ("PauseMedia", {}),
    "resume": ("ResumeMedia", {}),
    "next song please": ("NextTrack", {}),
    "go back to the last track": ("PreviousTrack", {}),
    "skip thirty seconds": ("SeekMedia", {"direction": "forward", "by": timedelta(seconds=30)}),
    "rewind a minute": ("SeekMedia", {"direction": "back", "by": timedelta(minutes=1)}),
    "play this song from the beginning": ("SeekMedia", {"direction": "start"}),
    "shuffle my music": ("ShuffleMedia", {"switch": "on"}),
    "turn off shuffle": ("ShuffleMedia", {"switch": "off"}),
    "put this song on repeat": ("RepeatMedia", {"switch": "on"}),
    "i like this song": ("LikeTrack", {"switch": "on"}),
    "add this song to my running playlist": ("AddToPlaylist", {"playlist": "Running"}),
    "what song is this": ("AskTrack", {}),
    "which album is this from": ("AskTrack", {"fact": "album"}),
    "call anna": ("MakeCall", {"given": "Anna"}),
    "please call my mum": ("MakeCall", {"contact": "Mum"}),
    "give tom baker a call on his mobile": ("MakeCall", {"contact": "Tom Baker"}),
    "call 0171 555 1234": ("MakeCall", {"contact": "0171 555 1234"}),
    "redial": ("RedialCall", {}),
    "answer the phone": ("AnswerCall", {}),
    "reject the call": ("RejectCall", {}),
    "hang up": ("EndCall", {}),
    "who called": ("AskCaller", {}),
    "take me home": ("StartRoute", {"favourite": "home"}),
    "i need to get to work": ("StartRoute", {"favourite": "work"}),
    "navigate to the airport avoiding toll roads": ("StartRoute", {"place": "Airport", "avoid": "tolls"}),
    "drive me to central station via the library": ("StartRoute", {"place": "Central Station", "via": "Library"}),
    "navigate to 5 unknown lane": ("StartRoute", {"place": "5 unknown lane"}),
    "find a gas station nearby": ("FindPlace", {"kind": "fuel"}),
    "where is the nearest pharmacy": ("FindPlace", {"kind": "pharmacy"}),
    "add a stop at the library": ("AddStop", {"place": "Library"}),
    "remove the next stop": ("RemoveStop", {"which": "next"}),
    "avoid motorways": ("AvoidRoads", {"avoid": "motorways", "switch": "on"}),
    "you can use ferries again": ("AvoidRoads", {"avoid": "ferries", "switch": "off"}),
    "mute the navigation": ("SpeakGuidance", {"switch": "off"}),
    "when do we arrive": ("AskArrival", {}),
    "how far is it": ("AskArrival", {"fact": "distance"}),
    "how long will it take": ("AskArrival", {"fact": "duration"}),
    "where are we": ("AskWhere", {}),
    "how's the traffic": ("AskTraffic", {}),
    "stop navigation": ("StopRoute", {}),
    "what time is it": ("AskTime", {}),
    "what time is it in denver": ("AskTime", {"place": "denver"}),
    "what's the date tomorrow": ("AskDate", {"day": date(2026, 11, 7)}),
    "what day is it": ("AskDate", {"fact": "weekday"}),
    "set a timer for ten minutes": ("StartTimer", {"duration": timedelta(minutes=10)}),
    "set a pizza timer for 12 minutes": ("StartTimer", {"duration": timedelta(minutes=12), "name": "pizza"}),
    "set an alarm for 7 am tomorrow": ("SetAlarm", {"at": time(7), "day": date(2026, 11, 7)}),
    "wake me up in twenty minutes": ("SetAlarm", {"after": timedelta(minutes=20)}),
    "add five minutes to the timer": ("ExtendTimer", {"by": timedelta(minutes=5), "kind": "timer"}),
    "cancel all alarms": ("CancelTimer", {"kind": "alarm", "which": "all"}),
    "how long is left on the pizza timer": ("AskTimers", {"kind": "timer", "name": "pizza"}),
    "remind me to buy milk at six pm": ("SetReminder", {"text": "buy milk", "at": time(18)}),
    "remind me in ten minutes to call anna and bob": (
        "SetReminder",
        {"text": "call anna and bob", "after": timedelta(minutes=10)},
    ),
    "set a reminder that i have a dinner at 7pm with Marie": (
        "SetReminder",
        {"text": "dinner with Marie", "at": time(19)},
    ),
    "Remind me about tennis at 10am at the end of March with Martha": (
        "SetReminder",
        {"text": "tennis with Martha", "at": time(10), "day": date(2027, 3, 31)},
    ),
    "remind me about the conference tomorrow at 12 pm in conference room 100": (
        "SetReminder",
        {"text": "conference in conference room 100", "at": time(12), "day": date(2026, 11, 7)},
    ),
    "Set a reminder for tennis next month on the 13th at 6pm with my aunt": (
        "SetReminder",
        {"text": "tennis with my aunt", "at": time(18), "day": date(2026, 12, 13)},
    ),
    "set reminder for my conference at 5 pm, the 20th of this month": (
        "SetReminder",
        {"text": "conference", "at": time(17), "day": date(2026, 11, 20)},
    ),
    "remind me to read the first chapter of room 100": (
        "SetReminder",
        {"text": "read the first chapter of room 100", "at": None, "day": None},
    ),
    "remind me to buy flowers for tomorrow's party": (
        "SetReminder",
        {"text": "buy flowers for tomorrow's party", "day": None},
    ),
    "remind me about tomorrow's dentist appointment at 9": (
        "SetReminder",
        {"text": "dentist appointment", "at": time(9), "day": date(2026, 11, 7)},
    ),
    "what are my reminders": ("AskReminders", {}),
    "delete my reminder for going to the store tonight": (
        "CancelReminder",
        {"text": "going to the store", "day": date(2026, 11, 6)},
    ),
    "cancel the reminder for friday's dinner at 8 pm": (
        "CancelReminder",
        {"text": "dinner", "at": time(20), "day": date(2026, 11, 13)},
    ),
    "delete all my reminders": ("CancelReminder", {"which": "all"}),
    "send an email to christopher carpenter about the hiking trip": (
        "SendMessage",
        {"who": "christopher carpenter", "about": "the hiking trip"},
    ),
    "email my boss that i will be late today": ("SendMessage", {"who": "boss", "about": "i will be late today"}),
    "send email to mom want to go shopping tomorrow": (
        "SendMessage",
        {"who": "mom", "about": "want to go shopping tomorrow"},
    ),
    "will it be rainy at 8 in Dans Mountain State Park": ("AskWeather", {"place": "Dans Mountain State Park"}),
    "i need a taxi for tomorrow at seven pm to the arena": (
        "BookRide",
        {"place": "arena", "at": time(19), "day": date(2026, 11, 7), "who": ""},
    ),
    "i would like a train to Cambridge that leaves after 17:00": (
        "BookTicket",
        {"destination": "Cambridge", "at": time(17)},
    ),
    "what can you do": ("AskHelp", {}),
    "help me with navigation": ("AskHelp", {"topic": "navigation"}),
    "good morning": ("Greet", {}),
    "thank you very much": ("Thank", {}),
    "goodbye": ("SayGoodbye", {}),
    "can you repeat that": ("Repeat", {}),
    "be quiet": ("Stop", {}),
    "never mind": ("Cancel", {}),
    "undo that": ("Undo", {}),
    "that's right": ("Affirm", {}),
    "no thanks": ("Deny", {}),
    "speak chinese": ("SetLanguage", {"language": "zh"}),
    "can you speak french": ("SetLanguage", {"language": "other"}),
    "use a male voice": ("SetVoice", {"voice": "male"}),
    "speak slower": ("SetSpeechPace", {"pace": "slower"}),
    "mute the microphone": ("MuteMicrophone", {}),
    "my name is nick": ("SetUserName", {"name": "nick"}),
    "reset to factory settings": ("ResetSettings", {}),
    "switch to whisper mode": ("ChangeAssistant", {"trait": "whisper"}),
    "delete all my data": ("DeleteData", {}),
    "what do you know about me": ("AskData", {}),
    "are you recording me": ("AskRecording", {}),
    "is my coffee ready": ("AskMeal", {}),
    "cancel my coffee order": ("CancelMeal", {}),
    "will it rain tomorrow": ("AskWeather", {"day": date(2026, 11, 7)}),
    "what's the weather this week": ("AskWeather", {"span": "this_week", "day": None}),
    "how is the weather in Fresno this weekend": ("AskWeather", {"span": "weekend", "place": "Fresno"}),
    "park behind that car": ("DriveCar", {}),
    "overtake the truck": ("DriveCar", {}),
    "turn on the living room lights": ("ControlHome", {}),
    "send a message to anna": ("SendMessage", {}),
    "read my emails": ("ReadMessages", {}),
    "pair my phone": ("PairPhone", {}),
    "order me a pizza": ("OrderMeal", {"dish": "pizza"}),
    "i'd like a coffee without milk": ("OrderDrink", {"drink": "coffee", "milk": "milk", "milk_amount": "no"}),
}

ZH: dict[str, tuple[str, dict[str, Any]]] = {
    "声音大一点": ("SetVolume", {"direction": "up", "amount": "little"}),
    "音量调到五": ("SetVolume", {"level": 5}),
    "把音量设置为50%": ("SetVolume", {"percent": 50}),
    "音量调到最大": ("SetVolume", {"end": "max"}),
    "静音": ("MuteVolume", {}),
    "取消静音": ("UnmuteVolume", {}),
    "现在音量是多少": ("AskVolume", {}),
    "播放音乐": ("PlayMedia", {}),
    "打开收音机": ("PlayMedia", {"source": "radio"}),
    "播放跑步歌单": ("PlayMedia", {"playlist": "跑步"}),
    "来一首茉莉花": ("PlayMedia", {"song": "茉莉花"}),
    "我想听林晓的歌": ("PlayMedia", {"artist": "林晓"}),
    "收听交通广播": ("PlayMedia", {"station": "交通广播"}),
    "暂停": ("PauseMedia", {}),
    "继续播放": ("ResumeMedia", {}),
    "下一首": ("NextTrack", {}),
    "上一首歌": ("PreviousTrack", {}),
    "快进三十秒": ("SeekMedia", {"direction": "forward", "by": timedelta(seconds=30)}),
    "随机播放": ("ShuffleMedia", {"switch": "on"}),
    "取消单曲循环": ("RepeatMedia", {"switch": "off"}),
    "收藏这首歌": ("LikeTrack", {"switch": "on"}),
    "这首歌叫什么": ("AskTrack", {}),
    "打电话给张伟": ("MakeCall", {"contact": "张伟"}),
    "给妈妈打电话": ("MakeCall", {"contact": "妈妈"}),
    "拨打一三八零零一三八零零一": ("MakeCall", {"number": "一三八零零一三八零零一"}),
    "重拨": ("RedialCall", {}),
    "接听电话": ("AnswerCall", {}),
    "拒接": ("RejectCall", {}),
    "挂断电话": ("EndCall", {}),
    "刚才谁打来的电话": ("AskCaller", {}),
    "导航回家": ("StartRoute", {"favourite": "home"}),
    "导航去机场避开收费站": ("StartRoute", {"place": "机场", "avoid": "tolls"}),
    "带我去火车站": ("StartRoute", {"place": "火车站"}),
    "附近有加油站吗": ("FindPlace", {"kind": "fuel"}),
    "途经图书馆": ("AddStop", {"place": "图书馆"}),
    "移除全部的途经点": ("RemoveStop", {"which": "all"}),
    "不走高速": ("AvoidRoads", {"avoid": "motorways", "switch": "on"}),
    "关闭导航语音": ("SpeakGuidance", {"switch": "off"}),
    "还有多少公里到目的地": ("AskArrival", {"fact": "distance"}),
    "什么时候到": ("AskArrival", {}),
    "我们在哪里": ("AskWhere", {}),
    "前面堵车吗": ("AskTraffic", {}),
    "退出导航": ("StopRoute", {}),
    "现在几点": ("AskTime", {}),
    "今天星期几": ("AskDate", {"fact": "weekday"}),
    "设一个十分钟的计时器": ("StartTimer", {"duration": timedelta(minutes=10)}),
    "披萨计时器12分钟": ("StartTimer", {"duration": timedelta(minutes=12), "name": "披萨"}),
    "明天早上七点叫我起床": ("SetAlarm", {"at": time(7), "day": date(2026, 11, 7)}),
    "取消所有闹钟": ("CancelTimer", {"kind": "alarm", "which": "all"}),
    "六点提醒我买牛奶": ("SetReminder", {"text": "买牛奶", "at": time(18)}),
    "我明天下午三点要开会，记得提醒我": ("SetReminder", {"text": "开会", "at": time(15), "day": date(2026, 11, 7)}),
    "提醒我和王总明天下午三点开会": ("SetReminder", {"text": "和王总开会", "at": time(15), "day": date(2026, 11, 7)}),
    "提醒我下个月五号交房租": ("SetReminder", {"text": "交房租", "day": date(2026, 12, 5)}),
    "提醒我月底还信用卡": ("SetReminder", {"text": "还信用卡", "day": date(2026, 11, 30)}),
    "提醒我去5号楼拿快递": ("SetReminder", {"text": "去5号楼拿快递", "day": None}),
    "取消明天下午三点开会的提醒": ("CancelReminder", {"text": "开会", "at": time(15), "day": date(2026, 11, 7)}),
    "我有哪些提醒": ("AskReminders", {}),
    "发短信给刘文说明天下午五点有聚会": ("SendMessage", {"who": "刘文", "about": "明天下午五点有聚会"}),
    "把邮件转发给凯斯，再加上：你是怎么想的": ("SendMessage", {"who": "凯斯", "about": "你是怎么想的"}),
    "给妈妈发消息问她在干什么": ("SendMessage", {"who": "妈妈", "about": "在干什么"}),
    "发消息给周磊": ("SendMessage", {"who": "周磊", "about": ""}),
    "晚上会下雨吗": ("AskWeather", {"place": "", "day": date(2026, 11, 6)}),
    "来一首起风了": ("PlayMedia", {"song": "起风了"}),
    "我想吃羊肉卷，能给我找一个评分4.5以上的餐馆吗": ("FindPlace", {"wish": "羊肉卷"}),
    "我想去草莓园摘草莓": ("StartRoute", {"place": "草莓园"}),
    "订明天上午九点去上海的高铁票": ("BookTicket", {"destination": "上海", "at": time(9), "day": date(2026, 11, 7)}),
    "明天打车去机场": ("BookRide", {"place": "机场", "day": date(2026, 11, 7)}),
    "你能做什么": ("AskHelp", {}),
    "导航怎么用": ("AskHelp", {"topic": "navigation"}),
    "你好": ("Greet", {}),
    "谢谢你": ("Thank", {}),
    "再见": ("SayGoodbye", {}),
    "再说一遍": ("Repeat", {}),
    "别说了": ("Stop", {}),
    "算了": ("Cancel", {}),
    "撤销": ("Undo", {}),
    "说英语": ("SetLanguage", {"language": "en"}),
    "说慢一点": ("SetSpeechPace", {"pace": "slower"}),
    "关闭麦克风": ("MuteMicrophone", {}),
    "删除我的数据": ("DeleteData", {}),
    "你在录音吗": ("AskRecording", {}),
    "我点的咖啡好了吗": ("AskMeal", {}),
    "取消我点的咖啡": ("CancelMeal", {}),
    "明天天气怎么样": ("AskWeather", {}),
    "下周天气怎么样": ("AskWeather", {"span": "next_week", "day": None}),
    "未来几天会下雨吗": ("AskWeather", {"span": "coming_days", "day": None}),
    "超车": ("DriveCar", {}),
    "打开客厅的灯": ("ControlHome", {}),
    "给张伟发消息说我晚点到": ("SendMessage", {"who": "张伟"}),
    "来两份牛肉面": ("OrderMeal", {"dish": "牛肉面", "portions": 2}),
    "来一杯大杯冰拿铁加脱脂牛奶两份糖": (
        "OrderDrink",
        {"drink": "iced_latte", "size": "large", "milk": "skim_milk", "sugars": 2},
    ),
}
SAID: Mapping[Language, dict[str, tuple[str, dict[str, Any]]]] = {"en": EN, "zh": ZH}
CASES = [(language, text) for language in LANGUAGES for text, (name, _) in SAID[language].items() if name]


@cache
def world() -> World:
    return read_world(shipped("config/names.toml"))


@cache
def grammar(language: Language) -> Grammar:
    return Grammar(load(language), tuple(by_request()), world().names())


def understood(language: Language, text: str) -> Request:
    readout = grammar(language).read(text, NOW)
    assert readout is not None, f"not understood: {text}"
    assert len(readout.reads) == 1, readout.reads
    return readout.reads[0].request


def context(language: Language = "en", headunit: HeadUnit | None = None) -> Context:
    return Context(0.0, NOW, language, headunit=headunit or HeadUnit(), names=world().names())


def decided(request: Request, around: Context) -> Decision:
    return by_request()[type(request)].plan(request, around)


def phrases(decision: Decision) -> list[Phrase]:
    if isinstance(decision, Inquiry) or (isinstance(decision, Plan) and decision.unpriced):
        return []
    if isinstance(decision, Plan):
        return [decision.done, *([decision.read_back] if decision.read_back else [])]
    return [decision.phrase]


@pytest.mark.parametrize(("language", "text"), CASES)
def test_a_sentence_is_understood_as_it_is_meant(language: Language, text: str) -> None:
    name, wanted = SAID[language][text]

    request = understood(language, text)

    assert type(request).__name__ == name, request
    for field, value in wanted.items():
        said = getattr(request, field)
        assert (said.value if isinstance(said, StrEnum) else said) == value, (field, request)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("zh", "晚上有个饭局不回家了"),
        ("zh", "你再夸张点好不好"),
        ("zh", "想去哪"),
        ("zh", "喂喂能听我说话吗"),
        ("zh", "电影时间表是什么"),
        ("zh", "最近有什么热门的电影"),
    ],
)
def test_what_only_holds_the_words_of_a_request_is_none(language: Language, text: str) -> None:
    readout = grammar(language).read(text, NOW)

    assert readout is None or readout.reads == ()


def test_the_words_of_a_text_said_in_two_places_are_all_told() -> None:
    readout = grammar("en").read("set a reminder for dinner at 7 pm with Marie", NOW)

    assert readout is not None
    assert readout.reads[0].slots["text"] == "dinner with marie"


def test_a_bare_no_takes_something_back_only_at_a_pause() -> None:
    assert understood("zh", "空调调到二十度，不，二十二度") == understood("zh", "空调调到二十二度")


@pytest.mark.parametrize(("language", "text"), CASES)
def test_what_is_decided_can_be_said_and_done(language: Language, text: str) -> None:
    unit = SimulatedHeadUnit(world(), clock=lambda: 0.0, now=lambda: NOW)
    unit.call(LocalCall("media.play"))
    unit.call(LocalCall("navigation.start", {"destination": "Stadium"}))
    unit.call(LocalCall("navigation.add_stop", {"place": "Library"}))
    unit.call(LocalCall("navigation.add_stop", {"place": "City Park"}))
    decision = decided(understood(language, text), context(language, unit.headunit()))

    assert all(render(phrase, language, NOW.date()) for phrase in phrases(decision))
    for step in decision.steps if isinstance(decision, Plan) and not decision.unpriced else ():
        assert isinstance(step, LocalCall)
        if step.name not in OWN_CALLS:
            outcome = unit.call(step)
            assert outcome.status is Status.DONE or outcome.reason == "unknown_place", outcome


@pytest.mark.parametrize(("language", "text"), CASES)
def test_what_can_be_undone_is_back_as_it_was(language: Language, text: str) -> None:
    unit = SimulatedHeadUnit(world(), clock=lambda: 0.0, now=lambda: NOW)
    for call in (
        LocalCall("media.play_item", {"kind": "album", "name": "Letters"}),
        LocalCall("media.seek", {"to_s": 30.0}),
        LocalCall("navigation.start", {"destination": "Stadium"}),
        LocalCall("navigation.add_stop", {"place": "Library"}),
    ):
        assert unit.call(call).status is Status.DONE
    before = unit.headunit()
    decision = decided(understood(language, text), context(language, before))
    if not isinstance(decision, Plan) or not decision.undo:
        pytest.skip("nothing to take back")

    for step in (*decision.steps, *decision.undo):
        assert isinstance(step, LocalCall)
        if step.name not in OWN_CALLS:
            unit.call(step)

    after = unit.headunit()
    assert replace(after.media, playlist="") == before.media
    assert after.route == before.route
    assert after.call.phase == before.call.phase


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_request_of_these_skills_has_an_everyday_sentence(language: Language) -> None:
    said = {name for name, _ in SAID[language].values()}
    wanted = {r.__name__ for skill in skills() if skill.name in MINE for r in skill.requests}
    spoken_elsewhere = {
        "ChangeCalendar", "AskCalendar", "ChangeContacts", "AskNews", "WatchVideo", "SetVoice", "SetUserName",
        "AskUserName", "ResetSettings", "ChangeAssistant", "AskData", "ReadMessages", "PairPhone", "ExtendTimer",
        "AskTimers", "Affirm", "Deny", "AddToPlaylist",
    }  # fmt: skip

    assert wanted - said - spoken_elsewhere == set()


@pytest.mark.parametrize("kind", [r for skill in skills() if skill.name in MINE for r in skill.requests])
@pytest.mark.parametrize("connectivity", list(Connectivity))
def test_a_request_without_any_detail_is_still_decided_and_sayable(
    kind: type[Request], connectivity: Connectivity
) -> None:
    decision = decided(kind(), replace(context(), connectivity=connectivity))

    for language in LANGUAGES:
        for phrase in phrases(decision):
            assert render(phrase, language, NOW.date())


@pytest.mark.parametrize(
    "kind", [r for skill in skills() if skill.name in {"beyond", "weather"} for r in skill.requests]
)
def test_what_is_beyond_cabin_never_acts(kind: type[Request]) -> None:
    filled = {field.name: "the red one" for field in fields(kind) if field.type is str}

    decision = decided(kind(**filled), context())

    assert not isinstance(decision, Plan | Answer)
