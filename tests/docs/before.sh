# SPDX-License-Identifier: Apache-2.0
# What somebody has who reads README.md and docs/howto.md: servers, a database, users, topics.
cp -r docs/tutorial ~/servers
(cd ~/servers && ./servers start && python3 topic.py orders 3)
export PGHOST=127.0.0.1 PGUSER=postgres PGDATABASE=orders
createdb orders
createuser orders_service
createuser alice
