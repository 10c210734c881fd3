# SPDX-License-Identifier: Apache-2.0
"""Keeps the orders that it hears of in its own database, and acts on each message once."""
import json

import psycopg2
from confluent_kafka import Consumer


def handle(connection, message):
    """True if the message was new."""
    message_id = dict(message.headers())["id"].decode()
    with connection, connection.cursor() as cursor:  # both, or neither
        cursor.execute("INSERT INTO seen (message_id) VALUES (%s) ON CONFLICT DO NOTHING", (message_id,))
        new = cursor.rowcount == 1
        if new:
            order = json.loads(message.value())
            cursor.execute(
                "INSERT INTO orders (id, item, state) VALUES (%(id)s, %(item)s, %(state)s)"
                " ON CONFLICT (id) DO UPDATE SET item = excluded.item, state = excluded.state", order)
    return new


def main():
    connection = psycopg2.connect("host=127.0.0.1 port=15432 dbname=warehouse user=postgres")
    consumer = Consumer({
        "bootstrap.servers": "127.0.0.1:19092",
        "group.id": "warehouse",
        "auto.offset.reset": "earliest",  # what was sent before this group existed counts, too
        "enable.auto.commit": False,
    })
    consumer.subscribe(["orders"])
    while True:
        message = consumer.poll(1.0)
        if message is None:
            continue
        if message.error():
            print(message.error(), flush=True)  # a broker is away, say; the client goes on by itself
            continue
        if not handle(connection, message):
            print(f"dropped a repeat: order {message.key().decode()}", flush=True)
        # After the database, never before: a crash in between repeats the message, and `seen` drops it.
        consumer.commit(message)


main()
