using System.Collections.Immutable;
using System.Net;

namespace Orleans.Clustering.KubeDns.Discovery;

/// <summary>A cluster, as Orleans names it.</summary>
internal sealed record ClusterName(string ServiceId, string ClusterId)
{
    private const int MostShown = 64;

    public override string ToString() => $"ServiceId \"{Plain(ServiceId)}\", ClusterId \"{Plain(ClusterId)}\"";

    // Another process chose it: it must neither break a line of the log nor fill it.
    private static string Plain(string text)
    {
        var shown = text.Length > MostShown ? text[..MostShown] + "..." : text;
        return string.Concat(shown.Select(c => char.IsControl(c) ? '?' : c));
    }
}

/// <summary>Somebody to look for: the name that DNS lists, empty if none is known, and the address.</summary>
internal sealed record PeerPlace(string Name, IPEndPoint Address)
{
    public override string ToString() => Name.Length > 0 ? $"{Name} at {Address}" : $"{Address}";
}

/// <summary>The diagnoses that concern what answers at the addresses listed: KDNS311 and 313.</summary>
internal static class PeerErrors
{
    private const int Shown = 5;

    /// <summary>KDNS311: the service lists silos of another cluster.</summary>
    public static KdnsError Foreign(
        ServicePort service, ClusterName own, ImmutableArray<(PeerPlace Place, ClusterName Cluster)> strangers) => new(
        "KDNS311",
        "The service lists silos of another cluster.",
        [
            $"this silo belongs to {own}",
            .. strangers.Take(Shown).Select(stranger => $"{stranger.Place} belongs to {stranger.Cluster}"),
            .. More(strangers.Length),
            "They are ignored, and so is this silo by them.",
        ],
        [
            "Orleans:ServiceId or Orleans:ClusterId differs between silos that belong together, for example after an"
                + " update that changed it",
            "two applications whose pods have the labels that the service selects",
            "the address was reused: DNS still shows the pod that had it before",
        ],
        [
            $"kubectl -n {service.Service.Namespace} get service {service.Service.Service}"
                + " -o jsonpath='{.spec.selector}'",
            FindPod(strangers[0].Place),
            "",
            "Silos of one cluster: set Orleans__ServiceId and Orleans__ClusterId alike in all of them.",
            "Different clusters: give each a service of its own, whose selector picks its pods and no others.",
        ]);

    /// <summary>KDNS313: a peer rejects our authentication, or we its own.</summary>
    public static KdnsError SecretsDiffer(ServicePort service, bool hasSecret, ImmutableArray<PeerPlace> peers) => new(
        "KDNS313",
        "Silos reject each other's authentication: their secrets differ.",
        [
            .. peers.Take(Shown).Select(peer => $"{peer} and this silo do not share a secret"),
            .. More(peers.Length),
            hasSecret ? "this silo has a SecretFile" : "this silo has no SecretFile",
        ],
        [
            "the files that SecretFile names differ",
            "one silo has a SecretFile and the other has none",
            "a rotation dropped the old secret before every silo had the new one",
        ],
        [
            FindPod(peers[0]),
            $"kubectl -n {service.Service.Namespace} exec <pod> -- sha256sum <SecretFile>"
                + "     # of both pods; shows no secret",
            "",
            "To rotate: write the new secret to SecretFile and the old one to PreviousSecretFile, for all silos in one",
            "change (they read the files again within a second; Kubernetes takes up to two minutes to bring them):",
            $"kubectl -n {service.Service.Namespace} create secret generic <secret> --from-literal=current=\"$new\""
                + " --from-literal=previous=\"$old\" \\",
            "    --dry-run=client -o yaml | kubectl apply -f -",
            "Empty PreviousSecretFile only once every silo has both.",
        ]);

    // Of all namespaces, since the other pod may be anybody's.
    private static string FindPod(PeerPlace place) => $"kubectl get pods -A -o wide | grep -F {place.Address.Address}";

    private static ImmutableArray<string> More(int count) => count > Shown ? [$"and {count - Shown} more"] : [];
}
