-- Saved requests: what people often ask for, and templates for everybody. There are none yet, so
-- nothing of existing rows changes; what was asked before is found by an index of its own.

create table saved_request (
  saved_request_id uuid primary key,
  -- a person's own, or a template, which administrators make for everybody eligible
  kind             text not null,
  -- the person whose it is; of a template the administrator who made it
  owner_id         text not null,
  owner_user_name  text not null,
  name             text not null,
  -- [{accountId, accountName, permissionSetArn, permissionSetName}], the names as they were
  targets          jsonb not null,
  duration_minutes integer not null,
  -- null: whoever asks says why. A ticket is of one occasion and so never kept
  justification    text,
  created_at       timestamptz not null,
  constraint a_saved_request_is_ones_own_or_a_template check (kind in ('own', 'template')),
  constraint a_saved_request_names_up_to_twenty_targets
    check (jsonb_typeof(targets) = 'array' and jsonb_array_length(targets) between 1 and 20),
  constraint a_saved_request_lasts_whole_minutes check (duration_minutes >= 1)
);
create index saved_request_own on saved_request (owner_id, name) where kind = 'own';
create index saved_request_template on saved_request (name) where kind = 'template';

-- Hints for approvers: the same person's earlier requests for the same target.
create index request_asked_before on request (requester_id, target_id, created_at desc);

grant select, insert, delete on saved_request to team_app;
