-- SPDX-License-Identifier: Apache-2.0
CREATE TABLE orders (
  id    bigint PRIMARY KEY,
  item  text NOT NULL,
  state text NOT NULL
);
CREATE TABLE seen (
  message_id uuid PRIMARY KEY,
  at         timestamptz NOT NULL DEFAULT now()    -- to delete old ones by
);
