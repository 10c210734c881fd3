# SPDX-License-Identifier: Apache-2.0
"""shop.py N: takes N orders, and has each of them paid."""
import sys

import psycopg2
from psycopg2.extras import Json, RealDictCursor


def tell(cursor, order):
    """In the transaction that changed the order."""
    cursor.execute(
        "INSERT INTO outbox (topic, key, type, payload) VALUES ('orders', %s, %s, %s)",
        (str(order["id"]), "order-" + order["state"], Json(order)),
    )


def place(connection, item):
    with connection, connection.cursor() as cursor:  # a transaction: COMMIT at its end, ROLLBACK if it throws
        cursor.execute(
            "INSERT INTO orders (item, state) VALUES (%s, 'placed') RETURNING id, item, state", (item,))
        order = cursor.fetchone()
        tell(cursor, order)
    return order["id"]


def pay(connection, order_id):
    with connection, connection.cursor() as cursor:
        # The UPDATE locks the order, so whoever changes it at the same time writes a later message.
        cursor.execute(
            "UPDATE orders SET state = 'paid' WHERE id = %s RETURNING id, item, state", (order_id,))
        tell(cursor, cursor.fetchone())


def main():
    connection = psycopg2.connect(
        "host=127.0.0.1 port=15432 dbname=shop user=shop", cursor_factory=RealDictCursor)
    for number in range(int(sys.argv[1])):
        pay(connection, place(connection, f"tea {number}"))


main()
