-- SPDX-License-Identifier: Apache-2.0
INSERT INTO outbox_version (version) VALUES (1) ON CONFLICT DO NOTHING;
