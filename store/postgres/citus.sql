-- Distributes the tables by account. Run it once, as their owner, on an empty database whose schema
-- findinghub has made, with the extension citus created. Untried: see docs/adr/0013-postgres-engine.md.
SELECT create_distributed_table('finding', 'account');
SELECT create_distributed_table('history', 'account', colocate_with => 'finding');
SELECT create_distributed_table('outbox', 'account', colocate_with => 'finding');
SELECT create_distributed_table('record', 'account', colocate_with => 'finding');
SELECT create_distributed_table('tally', 'account', colocate_with => 'finding');
SELECT create_distributed_table('receipt', 'account', colocate_with => 'finding');
SELECT create_reference_table('meta');
