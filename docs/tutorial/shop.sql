-- SPDX-License-Identifier: Apache-2.0
CREATE TABLE orders (
  id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  item  text NOT NULL,
  state text NOT NULL
);
CREATE ROLE shop LOGIN;
GRANT SELECT, INSERT, UPDATE ON orders TO shop;
GRANT outbox_producer TO shop;    -- insert messages, and nothing else

CREATE ROLE relay LOGIN;
GRANT outbox_relay TO relay;      -- read them, note what became of them, delete them

CREATE ROLE alice LOGIN;
GRANT outbox_operator TO alice;   -- try them again, replay them, give them up
