-- SPDX-License-Identifier: Apache-2.0
-- The first partitions, by the function that makes all others, so that they have the same owner.
SELECT outbox_make_partitions();
