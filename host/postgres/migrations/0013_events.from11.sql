-- The feed of delivery events begins with its first subscription, in the transaction that stores it.
GRANT SELECT ON integration_feed_heads TO opi_api;
GRANT SELECT, INSERT, UPDATE (sequence) ON integration_feed_cursors TO opi_api;
