-- People cancel deliveries that wait: each becomes a failed one with an attempt that says who and why, and the feed
-- tells of it. Rights by need, as in 0009.
GRANT DELETE ON integration_outbox TO opi_api;
GRANT INSERT ON integration_deliveries, integration_delivery_attempts, integration_delivery_events TO opi_api;
GRANT SELECT, INSERT, UPDATE (sequence) ON integration_feed_heads TO opi_api;
