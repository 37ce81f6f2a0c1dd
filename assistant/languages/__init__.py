"""What is said and heard, one folder of TOML a language; `load(code)` reads it, `Grammar` compiles its sentences.

Every `<topic>.toml` of a language may hold:

    [phrases]                       # what Cabin says; a string, or a list of variants with the same slots
    "climate.temperature_set" = "Okay, {celsius} degrees{for_zone}."

    [rules]                         # reusable pieces of sentences, shared by all files of the language: <turn_on>
    turn_on = "(turn|switch|put) on"

    [lists.zone]                    # value = the words for it; values may use template syntax, several files may add to a list
    driver = ["driver", "driver's side", "my side"]

    [[sentence]]
    request = "SetTemperature"      # request class name
    fields = { direction = "up" }   # fields the sentence fixes (optional): enum value, number, text, true
    text = ["(set|put|turn) [the] [{zone}] temperature to {celsius}"]
    to_end = true                   # free words go on to the end, whatever they say (reminders, messages); else "… and turn on the fan" is split off
    aside = true                    # a courtesy ("hello"): left out where something else is said along with it

    [[other]]                       # sentences that look like ours and are not: they win where they spell out more words; {words} takes any
    text = ["play [a] {words} game"]

Templates: `[optional]`, `(a|b)`, `<rule>`, `{field}`, `{list:field}`. English is lower case without punctuation; `window[s]` glues.
Chinese is written without spaces. What a slot takes follows the annotation of the request's field:

    StrEnum                       the list named like the class in snake_case; each value of the list is a value of the enum
    Annotated[float, Range(...)]  a number in words or digits; the unit of the Range may follow ("degrees", "percent", "%", 度),
                                  a percentage may also be "half", "a quarter", 一半, 百分之五十; out of range is understood all the same
    Annotated[str, OneOf("contact")]  a name of `Context.names["contact"]`; in free text also any few words, so that the skill can say it knows no such name
    datetime.time, date, timedelta    "half past six", "6:30 pm", 下午三点半; "tomorrow", "friday", 下周一; "an hour and a half", 十分钟
    Money                         "twenty dollars", 五十块
    int, float                    any number
    str                           free words, at least one; only in free text, not in the graph a recogniser is bound to
    {list:field}                  the named list, whatever the annotation; its values are converted to it ("50" for a number)

Not to be written in templates: politeness at either end ("please", "could you", "thanks", 请, 帮我, 吧: rules `before` and `after`), fillers ("um"),
several requests joined by "and" / 然后 / a comma, contractions ("what is" and "what's" are the same), "a/c" (= "ac"), "%" after a number.
"""
