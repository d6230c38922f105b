"""Every page there is, in the demo cluster, whose rows are the same on every machine."""

PLACE = "context=demo-cluster"
PAGES = [
    f"/dashboard/?{PLACE}",
    f"/dashboard/activity?{PLACE}",
    f"/dashboard/pods?{PLACE}",
    f"/dashboard/pods?{PLACE}&q=nothing-is-called-so",
    f"/dashboard/nodes?{PLACE}",
    f"/dashboard/namespaces?{PLACE}",
    f"/dashboard/events?{PLACE}",
    f"/dashboard/deployments?{PLACE}",
    f"/dashboard/jobs?{PLACE}",
    f"/dashboard/services?{PLACE}",
    f"/dashboard/secrets?{PLACE}",
    f"/dashboard/resourcequotas?{PLACE}",
    f"/dashboard/persistentvolumes?{PLACE}",
    f"/dashboard/map?{PLACE}&namespace=default",
    f"/dashboard/map?{PLACE}&q=nothing-is-called-so",
    f"/dashboard/pods/staging/rabbitmq-0?{PLACE}",
    f"/dashboard/deployments/default/api-gateway?{PLACE}",
    f"/dashboard/deployments/default/api-gateway/events?{PLACE}",
    f"/dashboard/deployments/default/api-gateway/yaml?{PLACE}",
    f"/dashboard/deployments/default/api-gateway/edit?{PLACE}",
    f"/dashboard/apply?{PLACE}",
    f"/dashboard/secrets/default/api-keys?{PLACE}",
    f"/dashboard/nodes/-/worker-a?{PLACE}",
    f"/dashboard/namespaces/-/default?{PLACE}",
    f"/dashboard/pods/default/no-such-pod?{PLACE}",
    "/dashboard/contexts",
    "/dashboard/contexts/add",
    f"/dashboard/search?{PLACE}&q=redis",
    "/dashboard/access/keys",
    "/dashboard/access/keys/new",
    "/dashboard/access/users",
    "/dashboard/access/users/invite",
    "/dashboard/access/roles",
    "/dashboard/access/audit",
    "/dashboard/access/password",
    "/dashboard/system",
    "/dashboard/no-such-page",
]
TROUBLED = ["/dashboard/pods?context=nobody", "/dashboard/pods?context=gone"]
OPEN = ["/dashboard/login"]  # to those who are not signed in
FOREIGN = ["/docs", "/redoc", "/admin/", "/admin/orchestrator/apikey/"]  # made by others for the most part
FOREIGN_OPEN = ["/admin/login/"]
