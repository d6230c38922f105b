"""The areas of the navigation."""

MAP = (  # heading, then (URL name, label, icon, key after G, role needed or "")
    (
        "",
        (
            ("overview", "Overview", "layout-dashboard", "o", ""),
            ("activity", "Activity", "activity", "a", ""),
        ),
    ),
    (
        "Environments",
        (("stacks", "Stacks", "stack-2", "x", ""),),
    ),
    (
        "Cluster",
        (
            ("pods", "Pods", "circle-dot", "p", ""),
            ("deployments", "Workloads", "versions", "w", ""),
            ("services", "Network", "network", "t", ""),
            ("configmaps", "Config", "adjustments-horizontal", "f", ""),
            ("persistentvolumeclaims", "Storage", "database", "v", ""),
            ("nodes", "Nodes", "server", "n", ""),
            ("namespaces", "Namespaces", "tags", "m", ""),
            ("events", "Events", "bell", "e", ""),
            ("map", "Map", "topology-star-3", "r", ""),
            ("kinds", "All kinds", "list-details", "k", ""),
        ),
    ),
    (
        "Admin",
        (
            ("access", "Access", "shield-lock", "c", ""),
            ("system", "System", "heartbeat", "s", ""),
        ),
    ),
)
