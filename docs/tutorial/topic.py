# SPDX-License-Identifier: Apache-2.0
"""topic.py NAME PARTITIONS: creates a topic, or gives it more partitions."""
import sys

from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic

name, partitions = sys.argv[1], int(sys.argv[2])
admin = AdminClient({"bootstrap.servers": "127.0.0.1:19092"})
if name in admin.list_topics(timeout=10).topics:
    done = admin.create_partitions([NewPartitions(name, partitions)])
else:
    done = admin.create_topics([NewTopic(name, partitions, replication_factor=1)])
done[name].result()
