-- The policies that a permission set consists of, shown to who decides. Rows stay as they are; every
-- set is read anew, one a second, as one that is new, and is shown without policies until then.
alter table directory_permission_set
  add column managed_policies text[],
  add column customer_managed_policies text[],
  add column has_inline_policy boolean;

update directory_permission_set set content_read_at = null;
