# SPDX-License-Identifier: Apache-2.0
"""What two relays, a and b, of the outbox `orders` say minute by minute, and the alerts that fire then: no
others, and each once. In promtool's notation 0x60 is 0 for 60 minutes more, 0+5x60 rises by 5 a minute, and
stale is a series that ended."""
from collections import namedtuple

Case = namedtuple("Case", "name says minute fires")

SENT = 'messages_sent_total{topic="orders"}'
ATTEMPTS = 'attempts_total{topic="orders", reason="too_large"}'
PUBLISHED = 'messages_published_total{topic="orders"}'
PENDING = 'outbox_messages{status="pending"}'
FAILED = 'outbox_messages{status="failed"}'
OPEN = 'breaker_state{state="open"}'
ROLLED_BACK = 'transactions_rolled_back_total{reason="connection_lost"}'
STOPPED = 'transactions_rolled_back_total{reason="shutdown"}'
UNKNOWN = 'possible_duplicates_total{reason="unknown_report"}'
PAUSED_TOPIC = 'topics_paused{reason="operator"}'
MISSING_TOPIC = 'topics_paused{reason="unknown_topic"}'
FAST = 'claim_duration_seconds_bucket{le="0.5"}'
SLOW = 'claim_duration_seconds_bucket{le="1"}'
ALL = 'claim_duration_seconds_bucket{le="+Inf"}'

CASES = [
    Case("all is well", {
        "up": "1x120", "ready": "1x120", "kafka_up": "1x120", "postgres_up": "1x120", "paused": "0x120",
        "cadence_active": "1x120", "lag_seconds": "0 1x119", SENT: "0+600x120", PUBLISHED: "0+600x120",
        ATTEMPTS: "0+1x120", PENDING: "500x120", FAILED: "0x120", "blocked_keys": "0x120", OPEN: "0x120",
        PAUSED_TOPIC: "0x120", MISSING_TOPIC: "0x120", "topics_suspected": "0x120", ROLLED_BACK: "0x120",
        UNKNOWN: "0x120", "postgres_oldest_transaction_age_seconds": "5x120",
        "config_last_reload_successful": "1x120", "last_purge_timestamp_seconds": "0+60x120",
        "sample_last_success_timestamp_seconds": "0+60x120",
        FAST: "0+99x120", SLOW: "0+100x120", ALL: "0+100x120"}, 120, ()),

    Case("every relay is down", {"up": "1x5 0x10"}, 9, ("Down",)),
    Case("one of two relays is down", {"up": {"a": "1x30", "b": "1x5 0x25"}}, 25, ()),
    Case("a scrape failed once", {"up": "1x5 0 1x10"}, 7, ()),

    Case("nothing is sent", {"lag_seconds": "0+60x30", SENT: "1000x30"}, 9, ("DeliveryStalled",)),
    Case("nothing was ever sent",
         {"lag_seconds": "0+60x30", 'messages_sent_total{topic="_other"}': "0x30"}, 9, ("DeliveryStalled",)),
    Case("nothing is sent, and everything is paused",
         {"lag_seconds": "0+60x60", SENT: "1000x60", "paused": "1x60"}, 50, ()),
    Case("nothing is sent, because the cadence wants silence",
         {"lag_seconds": "0+60x60", SENT: "1000x60", "cadence_active": "0x60"}, 50, ()),
    Case("one of two relays sends", {"lag_seconds": "90x60", SENT: {"a": "1000x60", "b": "0+10x60"}}, 50, ()),
    Case("the counter of a relay began anew while it sends",
         {"lag_seconds": "90x60", SENT: {"a": "0+100x20 0+100x40", "b": "0x60"}}, 30, ()),
    Case("one key is held, and nothing is due",
         {"lag_seconds": "0x60", SENT: "1000x60", "blocked_keys": "1x60"}, 40, ("KeysBlocked",)),

    Case("the lag is high", {"lag_seconds": "400x30", SENT: "0+600x30"}, 10, ("LagHigh",)),
    Case("the lag was high for a moment", {"lag_seconds": "0x5 400 0x30", SENT: "0+600x36"}, 13, ()),
    Case("one relay no longer samples, the other says that all is done",
         {"lag_seconds": {"a": "400x5 stale", "b": "400x5 0x30"}, SENT: "0+600x36"}, 20, ()),
    Case("a window has opened onto a day's backlog",
         {"lag_seconds": "36000x60", "cadence_active": "0x20 1x40", SENT: "0x20 0+9000x40"}, 30, ()),
    Case("a window has been open for long, and the lag stays",
         {"lag_seconds": "36000x60", "cadence_active": "0x20 1x40", SENT: "0x20 0+9000x40"}, 45,
         ("LagHigh",)),
    Case("delivery was paused a moment ago, and catches up",
         {"lag_seconds": "3000x60", "paused": "1x20 0x40", SENT: "0x20 0+9000x40"}, 30, ()),

    Case("no broker answers", {"kafka_up": "1x5 0x10"}, 9, ("KafkaUnavailable",)),
    Case("a relay of two has no broker", {"kafka_up": {"a": "0x30", "b": "1x30"}}, 20, ()),
    Case("PostgreSQL is away", {"postgres_up": "1x5 0x10"}, 9, ("PostgresUnavailable",)),
    Case("a relay of two has no PostgreSQL", {"postgres_up": {"a": "0x30", "b": "1x30"}}, 20, ()),

    Case("a relay is not ready", {"ready": {"a": "0x30", "b": "1x30"}}, 12, ("NotReady instance=a",)),
    Case("a relay starts", {"ready": "0x5 1x30"}, 12, ()),

    Case("messages failed", {FAILED: "0x5 3x10"}, 8, ("FailedMessages",)),
    Case("messages failed, and a relay is scraped no more", {FAILED: {"a": "3x5 stale", "b": "3x20"}}, 12,
         ("FailedMessages",)),
    Case("keys wait for long", {"blocked_keys": "2x30"}, 16, ("KeysBlocked",)),
    Case("keys wait for an attempt", {"blocked_keys": "2x10 0x20"}, 16, ()),

    Case("one message in ten is refused",
         {ATTEMPTS: "0+60x30", PUBLISHED: "0+600x30"}, 15, ("RetryRateHigh",)),
    Case("one message in a hundred is refused", {ATTEMPTS: "0+6x30", PUBLISHED: "0+600x30"}, 15, ()),
    Case("nothing is published", {ATTEMPTS: "0x30", PUBLISHED: "0x30"}, 15, ()),

    Case("more comes in than goes out", {PENDING: "1000+100x90"}, 80, ("BacklogGrowing",)),
    Case("a backlog is worked off", {PENDING: "20000-100x90"}, 80, ()),
    Case("the backlog grows while delivery is paused", {PENDING: "1000+100x90", "paused": "1x90"}, 55, ()),
    Case("the backlog grows in a silence that is wanted",
         {PENDING: "1000+100x90", "cadence_active": "0x90"}, 80, ()),

    Case("the breaker is open", {OPEN: "0x5 1x20"}, 12, ("BreakerOpen",)),
    Case("the breaker was open for a moment", {OPEN: "0x5 1 0x20"}, 12, ()),
    Case("a topic is missing", {MISSING_TOPIC: "0x5 1x20"}, 12, ("TopicPaused reason=unknown_topic",)),
    Case("a topic does not answer", {"topics_suspected": "1x20"}, 12, ("TopicPaused",)),
    Case("an operator paused a topic", {PAUSED_TOPIC: "1x50"}, 50, ()),
    Case("an operator paused a topic long ago",
         {PAUSED_TOPIC: "1x90"}, 70, ("PausedTooLong reason=operator",)),
    Case("an operator paused everything", {"paused": "1x50"}, 50, ()),
    Case("an operator paused everything long ago", {"paused": "1x90"}, 70, ("PausedTooLong",)),

    Case("claims are rolled back", {ROLLED_BACK: "0x5 5x20"}, 7, ("TransactionsLost",)),
    Case("one claim was rolled back", {ROLLED_BACK: {"a": "0x5 1x20", "b": "0x25"}}, 7, ()),
    Case("relays are restarted", {STOPPED: "0x5 9x20"}, 7, ()),
    Case("a broker did not say", {UNKNOWN: "0x5 1x20"}, 7, ("PossibleDuplicates",)),
    Case("a broker did not say, long ago", {UNKNOWN: "0x5 1x60"}, 40, ()),

    Case("one claim in ten is slow",
         {FAST: "0+90x60", SLOW: "0+100x60", ALL: "0+100x60"}, 30, ("ClaimSlow",)),
    Case("nothing is claimed", {FAST: "90x60", SLOW: "100x60", ALL: "100x60"}, 30, ()),
    Case("a transaction is open for long", {"postgres_oldest_transaction_age_seconds": "0+60x60"}, 45,
         ("LongTransaction",)),
    Case("nothing is purged", {"last_purge_timestamp_seconds": "0x120"}, 100, ("PurgeStale",)),
    Case("one of two relays purges",
         {"last_purge_timestamp_seconds": {"a": "0x120", "b": "0+60x120"}}, 100, ()),
    Case("the partitions of a log run short",
         {"partition_ids_left": "2e5-600x120", SENT: "0+600x120"}, 60, ("PartitionsRunOut",)),
    Case("the partitions of a log are made ahead",
         {"partition_ids_left": "4e7x120", SENT: "0+600x120"}, 60, ()),
    Case("the backlog of an outage goes out much faster than it came",
         {"partition_ids_left": "4e7x120", SENT: "0+30000x60 1800000x10 1890000+90000x4 2280000+30000x40"},
         95, ()),
    Case("a log with little room is hardly used",
         {"partition_ids_left": "50000x120", SENT: "0+6x120"}, 60, ()),
    Case("nothing is sampled, so that the lag is gone",
         {"sample_last_success_timestamp_seconds": "0x30", "lag_seconds": "400 stale"}, 10, ("SampleStale",)),
    Case("one of two relays samples",
         {"sample_last_success_timestamp_seconds": {"a": "0x30", "b": "0+60x30"}}, 20, ()),
    Case("a reload was refused", {"config_last_reload_successful": {"a": "1x5 0x30", "b": "1x35"}}, 20,
         ("ConfigReloadFailed instance=a",)),
    Case("a reload was refused, and mended", {"config_last_reload_successful": "0x4 1x30"}, 12, ()),
]
