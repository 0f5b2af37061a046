"""A stand-in for the `zca` program, run as one: `python -m actors.testing.zca [--profile P] <words>`.

It takes the words, prints the texts and exits with the codes of the real ones (zca reference, sections 1 to 4 and 7.1),
without a network: what it knows and what goes wrong with it is in files of its home directory, `ZCA_STAND_IN_HOME`:

    stage.json           output style, who logs in, what the phone does, friends and groups
    faults/<words>.json  what goes wrong with a command, and how often
    inbox/<profile>      what its listener prints or does next, one JSON line each
    profiles/<profile>/  credentials.json while logged in, listener-owner.json while one listens
    journal.jsonl        every call: its arguments
    sent.jsonl           every message that "went out"

`driver.StandIn` writes and reads these files for tests and demos. The program itself imports nothing outside the
standard library and little of that, since it is started for every message.
"""
