-- Whoever writes waits from here on, and not when rows are locked already.
LOCK TABLE finding IN SHARE ROW EXCLUSIVE MODE;

-- Groups by columns read this index and no row: rows take eight times as much. What a finding has in it is bounded in row.go (maxFacets),
-- so that it fits a B-tree's page; older rows may have more. As there, columns that do not fit are left out and the body decides.
UPDATE finding SET compliance = NULL, product_name = NULL, types = '{}', resources = '{}', resource_types = '{}', odd = true
WHERE octet_length(account) + octet_length(region) + coalesce((octet_length(compliance) + 7) / 4 * 4, 0)
  + coalesce((octet_length(product_name) + 7) / 4 * 4, 0) + (SELECT coalesce(sum((octet_length(v) + 7) / 4 * 4), 0) FROM unnest(types || resources || resource_types) v) > 2400;

CREATE INDEX finding_facets ON finding (account, region)
  INCLUDE (severity, workflow, record_state, compliance, product_name, types, resources, resource_types, odd);

-- An index is read alone where a page is known to have nothing that others cannot see, which VACUUM finds out: imports of new findings
-- make it come as often as changes do.
ALTER TABLE finding SET (autovacuum_vacuum_insert_scale_factor = 0.05);
