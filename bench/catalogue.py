"""The benches: one row each."""

from __future__ import annotations

from bench import agents, cli, growth, idle, journal, restart, route, rules, serial, webhook
from bench.contract import Bench

BENCHES = (
    Bench("route", "how much passes through, and how fast", route.run),
    Bench("serial", "how long a single message takes", serial.run),
    Bench("journal", "how many messages a second become durable", journal.run),
    Bench("webhook", "how many webhooks a second are durable and answered", webhook.run),
    Bench("agents", "how many turns each kind of agent takes", agents.run),
    Bench("idle", "what accounts cost that nobody writes to", idle.run),
    Bench("growth", "what a message costs when much is remembered", growth.run),
    Bench("rules", "what the law itself costs", rules.run),
    Bench("restart", "how long nobody is answered", restart.run),
    Bench("cli", "how long a command takes", cli.run),
)
