"""The manifests of services and ingresses."""

from orchestrator.backends.cluster.demo import tables
from orchestrator.backends.cluster.demo.moment import Moment
from orchestrator.backends.cluster.demo.parts import Manifest, metadata
from orchestrator.backends.cluster.demo.tables import DAY

FIRST_NODE_PORT = 30080
BALANCERS = {"nginx-service": "203.0.113.20", "api-gateway": "203.0.113.21"}
EDGE = [node.external for node in tables.NODES if node.external]


def services(moment: Moment) -> list[Manifest]:
    """Return the services; each selects the pods of one workload."""
    return [
        _service(moment, number, namespace, name, app, type_, port)
        for number, (namespace, name, app, type_, port) in enumerate(tables.SERVICES)
    ]


def _service(
    moment: Moment, number: int, namespace: str, name: str, app: str, type_: str, port: int
) -> Manifest:
    targets = {each.app.name: each.app.port for each in (*tables.DEPLOYMENTS, *tables.STATEFULSETS)}
    listening: Manifest = {"name": "main", "protocol": "TCP", "port": port, "targetPort": targets[app]}
    if type_ in ("LoadBalancer", "NodePort"):
        listening["nodePort"] = FIRST_NODE_PORT + number
    balanced = {"ingress": [{"ip": BALANCERS[name]}]} if name in BALANCERS else {}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(moment, "Service", namespace, name, created=-100 * DAY, labels={"app": app}),
        "spec": {
            "type": "ClusterIP" if type_ == "Headless" else type_,
            "clusterIP": "None" if type_ == "Headless" else f"10.96.{number}.{20 + number * 7}",
            "selector": {"app": app},
            "ports": [listening],
            "sessionAffinity": "None",
        },
        "status": {"loadBalancer": balanced},
    }


def ingresses(moment: Moment) -> list[Manifest]:
    """Return the ingresses; those in `default` are served over TLS."""
    return [
        _ingress(moment, namespace, name, host, path, service, port)
        for namespace, name, host, path, service, port in tables.INGRESSES
    ]


def _ingress(
    moment: Moment, namespace: str, name: str, host: str, path: str, service: str, port: int
) -> Manifest:
    backend = {"service": {"name": service, "port": {"number": port}}}
    rule = {"host": host, "http": {"paths": [{"path": path, "pathType": "Prefix", "backend": backend}]}}
    spec: Manifest = {"ingressClassName": "nginx", "rules": [rule]}
    if namespace == "default":
        spec["tls"] = [{"hosts": [host], "secretName": "tls-cert"}]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": metadata(moment, "Ingress", namespace, name, created=-90 * DAY),
        "spec": spec,
        "status": {"loadBalancer": {"ingress": [{"ip": address} for address in EDGE]}},
    }
