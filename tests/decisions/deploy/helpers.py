"""The Helm chart: where it is, and what it may be given."""

from typing import Any, Final

from tests.servers import ROOT

CHART: Final = ROOT / "deploy" / "chart"
NEEDED: Final[dict[str, Any]] = {"publicUrl": "https://clerk.example.org", "secretName": "clerk-secrets"}
EVERYTHING: Final = {
    **NEEDED,
    "config": {"CLERK_LINES": "+15550001111=C0123ABCD", "CLERK_CLOCK_SECONDS": 20},
    "imagePullSecrets": [{"name": "registry"}],
    "ingress": {
        "enabled": True,
        "className": "nginx",
        "annotations": {"cert-manager.io/cluster-issuer": "letsencrypt"},
        "host": "clerk.example.org",
        "tlsSecretName": "clerk-tls",
    },
    "podMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
    "nodeSelector": {"kubernetes.io/os": "linux"},
    "tolerations": [{"key": "texts", "operator": "Exists"}],
}
VARIANTS: Final = {
    "smallest": NEEDED,
    **{kind: {**EVERYTHING, "autoscaling": {"kind": kind}} for kind in ("keda", "hpa", "none")},
}
