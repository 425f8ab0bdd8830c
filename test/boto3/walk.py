"""Calls the sandbox with boto3: what TEAM asks of AWS, by somebody else's client.

Usage: walk.py ENDPOINT, with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment.
Prints one line for each thing that was seen, and leaves with 1 at the first that was not.
"""

import json
import sys
import time
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ENDPOINT = sys.argv[1]
ONCE = Config(retries={"max_attempts": 0, "mode": "standard"})
PATIENT = Config(retries={"max_attempts": 10, "mode": "standard"})


def client(service, config=PATIENT):
    return boto3.client(service, region_name="us-east-1", endpoint_url=ENDPOINT, config=config)


def control(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(ENDPOINT + "/_sandbox/" + path, data=data, method=method)
    with urllib.request.urlopen(request) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def check(what, seen, wanted=True):
    if seen != wanted:
        print(f"FAILED {what}: saw {seen!r}, wanted {wanted!r}")
        sys.exit(1)
    print(f"ok {what}")


def check_error(what, code, call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        check(what, error.response["Error"]["Code"], code)
        return error.response["Error"]["Message"]
    check(what, "no error", code)
    return ""


def by_pages(method, list_name, token="NextToken", **arguments):
    """Follows tokens by hand, so that empty pages and the page size are met as they come."""
    rows, pages, extra = [], 0, {}
    while True:
        page = method(**arguments, **extra)
        check_size = arguments.get("MaxResults", 100)
        assert len(page[list_name]) <= check_size, "a page is larger than asked"
        rows.extend(page[list_name])
        pages += 1
        assert pages < 1000, "the pages never end"
        if not page.get(token):
            return rows, pages
        extra = {token: page[token]}


def look_at_organisation(ids):
    organizations = client("organizations")
    root = organizations.list_roots()["Roots"][0]["Id"]
    master = organizations.describe_organization()["Organization"]["MasterAccountId"]
    check("the management account is named", master, ids["Management"])
    accounts, pages = by_pages(organizations.list_accounts, "Accounts", MaxResults=2)
    check("every account comes once", sorted(a["Id"] for a in accounts), sorted(ids.values()))
    check("in several pages", pages >= len(ids) // 2)
    suspended = [a["Name"] for a in accounts if a["Status"] == "SUSPENDED"]
    check("one account is suspended", suspended, ["legacy-dev"])

    def tree(parent):
        found = {}
        units, _ = by_pages(
            organizations.list_organizational_units_for_parent,
            "OrganizationalUnits",
            ParentId=parent,
            MaxResults=1,
        )
        for unit in units:
            found[unit["Name"]] = tree(unit["Id"])
        return found

    wanted = {"Security": {}, "Workloads": {"Prod": {}, "Dev": {}}}
    check("the tree of organizational units", tree(root), wanted)
    check_error(
        "a page of 21 is too large",
        "InvalidInputException",
        client("organizations", Config(parameter_validation=False)).list_accounts,
        MaxResults=21,
    )


def look_at_people(store):
    identity = client("identitystore")
    users, _ = by_pages(identity.list_users, "Users", IdentityStoreId=store, MaxResults=3)
    names = {user["UserName"] for user in users}
    check("the three people are there", {"test-admin", "test-auditor", "test-user"} <= names)
    groups, _ = by_pages(identity.list_groups, "Groups", IdentityStoreId=store, MaxResults=2)
    by_name = {group["DisplayName"]: group["GroupId"] for group in groups}
    members, pages = by_pages(
        identity.list_group_memberships,
        "GroupMemberships",
        IdentityStoreId=store,
        GroupId=by_name["TEAM approvers"],
        MaxResults=1,
    )
    check("TEAM approvers holds two people, a page each", (len(members), pages), (2, 2))
    mine = identity.list_group_memberships_for_member(
        IdentityStoreId=store, MemberId=members[0]["MemberId"]
    )["GroupMemberships"]
    check("and they know it", by_name["TEAM approvers"] in [m["GroupId"] for m in mine])
    check_error(
        "an unknown person",
        "ResourceNotFoundException",
        identity.describe_user,
        IdentityStoreId=store,
        UserId="00000000-0000-4000-8000-000000000000",
    )
    return {user["UserName"]: user["UserId"] for user in users}


def permission_sets(sso, instance):
    arns, pages = by_pages(
        sso.list_permission_sets, "PermissionSets", InstanceArn=instance, MaxResults=2
    )
    check("five permission sets in three pages", (len(arns), pages), (5, 3))
    described = [
        sso.describe_permission_set(InstanceArn=instance, PermissionSetArn=arn)["PermissionSet"]
        for arn in arns
    ]
    check("with ISO 8601 durations", all(d["SessionDuration"].startswith("PT") for d in described))
    return {one["Name"]: one["PermissionSetArn"] for one in described}


def settled(describe, member, name, instance, request):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        status = describe(**{"InstanceArn": instance, member: request})[name]
        if status["Status"] != "IN_PROGRESS":
            return status
    return {"Status": "still IN_PROGRESS"}


def change_assignment(sso, instance, target):
    def holders():
        rows, _ = by_pages(
            sso.list_account_assignments,
            "AccountAssignments",
            InstanceArn=instance,
            AccountId=target["TargetId"],
            PermissionSetArn=target["PermissionSetArn"],
            MaxResults=1,
        )
        return [row["PrincipalId"] for row in rows]

    created = sso.create_account_assignment(**target)["AccountAssignmentCreationStatus"]
    check("a creation is asynchronous", created["Status"], "IN_PROGRESS")
    check_error(
        "a second write on it conflicts",
        "ConflictException",
        client("sso-admin", ONCE).delete_account_assignment,
        **target,
    )
    done = settled(
        sso.describe_account_assignment_creation_status,
        "AccountAssignmentCreationRequestId",
        "AccountAssignmentCreationStatus",
        instance,
        created["RequestId"],
    )
    check("it succeeds", done["Status"], "SUCCEEDED")
    check("and is listed", holders(), [target["PrincipalId"]])
    for wanted in ("SUCCEEDED", "FAILED"):
        deleted = sso.delete_account_assignment(**target)["AccountAssignmentDeletionStatus"]
        done = settled(
            sso.describe_account_assignment_deletion_status,
            "AccountAssignmentDeletionRequestId",
            "AccountAssignmentDeletionStatus",
            instance,
            deleted["RequestId"],
        )
        check(f"a deletion ends {wanted}", done["Status"], wanted)
    check("deleting what is absent says so", "404" in done["FailureReason"])
    check("it is gone", holders(), [])


def meet_errors(instance, target, ids, sets):
    sso = client("sso-admin", ONCE)
    message = check_error(
        "malformed input",
        "ValidationException",
        client("sso-admin", Config(parameter_validation=False)).create_account_assignment,
        **{**target, "TargetId": "12"},
    )
    check("is named", "'targetId'" in message)
    check_error(
        "an unknown account",
        "ResourceNotFoundException",
        sso.create_account_assignment,
        **{**target, "TargetId": "000000000000"},
    )
    check_error(
        "an unknown request id",
        "ResourceNotFoundException",
        sso.describe_account_assignment_creation_status,
        InstanceArn=instance,
        AccountAssignmentCreationRequestId="00000000-0000-4000-8000-000000000000",
    )
    check_error(
        "the management account",
        "AccessDeniedException",
        sso.create_account_assignment,
        **{**target, "TargetId": ids["Management"]},
    )
    check_error(
        "a permission set provisioned there",
        "AccessDeniedException",
        sso.create_account_assignment,
        **{**target, "PermissionSetArn": sets["AWSOrganizationsFullAccess"]},
    )
    control("PATCH", "settings", {"outstandingCreations": 1, "createDelayMs": 600000})
    sso.create_account_assignment(**target)
    check_error(
        "one creation too many",
        "ServiceQuotaExceededException",
        sso.create_account_assignment,
        **{**target, "PermissionSetArn": sets["Billing"]},
    )
    control("PATCH", "settings", {"callsPerSecond": 1})
    sso_once = client("sso-admin", Config(retries={"total_max_attempts": 1, "mode": "standard"}))

    def hurry():
        for _ in range(20):
            sso_once.list_instances()

    check_error("calls too fast", "ThrottlingException", hurry)


def send_mail():
    ses = client("sesv2")
    check("SES is in its sandbox", ses.get_account()["ProductionAccessEnabled"], False)
    content = {"Simple": {"Subject": {"Data": "申請"}, "Body": {"Text": {"Data": "本文"}}}}
    mail = {"FromEmailAddress": "team@example.net", "Content": content}
    ses.send_email(**mail, Destination={"ToAddresses": ["test-user@example.com"]})
    check("a mail arrives", control("GET", "mail")[-1]["subject"], "申請")
    check_error(
        "an unverified address",
        "MessageRejected",
        ses.send_email,
        **mail,
        Destination={"ToAddresses": ["somebody@elsewhere.example"]},
    )


def main():
    # The quota is lifted but for the one step that means to meet it.
    control("PATCH", "settings", {"callsPerSecond": 10000, "createDelayMs": 200, "deleteDelayMs": 200})
    organization = control("GET", "organization")
    ids = {account["name"]: account["accountId"] for account in organization["accounts"]}
    me = client("sts").get_caller_identity()
    check("the caller is the delegated administrator", me["Account"], ids["Audit"])

    sso = client("sso-admin")
    instances = sso.list_instances()["Instances"]
    check("there is one instance", len(instances), 1)
    instance = instances[0]["InstanceArn"]
    look_at_organisation(ids)
    people = look_at_people(instances[0]["IdentityStoreId"])
    sets = permission_sets(sso, instance)
    target = {
        "InstanceArn": instance,
        "TargetId": ids["payments-dev"],
        "TargetType": "AWS_ACCOUNT",
        "PermissionSetArn": sets["ReadOnlyAccess"],
        "PrincipalType": "USER",
        "PrincipalId": people["test-user"],
    }
    change_assignment(sso, instance, target)
    send_mail()
    meet_errors(instance, target, ids, sets)
    print("done")


main()
