"""Who may do what, and who did: callers, keys, sign-in links, audit."""

from orchestrator.services.access.audit import RESULTS, AuditFilter, events, record
from orchestrator.services.access.callers import Caller, caller_of_user, nobody
from orchestrator.services.access.keys import (
    IssuedKey,
    caller_of_key,
    find_key,
    issue_key,
    keys_seen_by,
    revoke_key,
    state_of,
)
from orchestrator.services.access.links import (
    BadLink,
    first_link,
    forget_links,
    link_holder,
    make_link,
    redeem,
)
from orchestrator.services.access.peers import (
    OPEN_LOCALLY,
    OPEN_WITHOUT_KEYS,
    SAFE_METHODS,
    anonymous_caller,
    local_caller,
    peer_address,
)
from orchestrator.services.access.scopes import (
    ADMIN,
    AREAS,
    EVERYTHING,
    METRICS,
    ROLES,
    SECRETS,
    make_roles,
    role_of,
    scopes_of,
)
from orchestrator.services.access.sign_in import note_refusal, pause, pause_left, tries_left
from orchestrator.services.access.users import invite, people, set_role, users_by_role

__all__ = [
    "ADMIN",
    "AREAS",
    "EVERYTHING",
    "METRICS",
    "OPEN_LOCALLY",
    "OPEN_WITHOUT_KEYS",
    "RESULTS",
    "ROLES",
    "SAFE_METHODS",
    "SECRETS",
    "AuditFilter",
    "BadLink",
    "Caller",
    "IssuedKey",
    "anonymous_caller",
    "caller_of_key",
    "caller_of_user",
    "events",
    "find_key",
    "first_link",
    "forget_links",
    "invite",
    "issue_key",
    "keys_seen_by",
    "link_holder",
    "local_caller",
    "make_link",
    "make_roles",
    "nobody",
    "note_refusal",
    "pause",
    "pause_left",
    "peer_address",
    "people",
    "record",
    "redeem",
    "revoke_key",
    "role_of",
    "scopes_of",
    "set_role",
    "state_of",
    "tries_left",
    "users_by_role",
]
