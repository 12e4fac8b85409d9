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

/// <summary>A listed silo that does not answer, and for how long.</summary>
internal sealed record SilentPeer(PeerPlace Place, bool Refuses, TimeSpan For)
{
    public override string ToString() =>
        $"{Place} {(Refuses ? "refuses the connection" : "is silent")}, for {For.TotalSeconds:0} s";
}

/// <summary>The diagnoses that concern what answers at the addresses listed: KDNS304, 305, 311, 313 and 315.</summary>
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

    /// <summary>KDNS304: silos are listed and do not answer, so no cluster can be founded or joined.</summary>
    public static KdnsError Silent(ServicePort service, ImmutableArray<SilentPeer> peers) => new(
        "KDNS304",
        "Listed silos do not answer.",
        [.. peers.Take(Shown).Select(peer => $"{peer}"), .. More(peers.Length)],
        [
            "the pod's process has not started yet, or crashes: a listed pod need not run",
            "a NetworkPolicy does not let silos reach each other's discovery port",
            "a service mesh takes the port over: exclude it in both directions",
            "the node of that pod is lost",
        ],
        [
            $"kubectl -n {service.Service.Namespace} get pods -o wide | grep -F {peers[0].Place.Address.Address}",
            $"kubectl -n {service.Service.Namespace} describe networkpolicy",
            "",
            "Refusing addresses are passed over after 10 s, silent ones after ContactTimeout once the others are a",
            "majority. If you know that a pod is gone for good:",
            DeletePod(service, peers[0].Place),
        ]);

    /// <summary>KDNS305: a majority of the voters is lost, so nobody can read or write the membership table.</summary>
    public static KdnsError NoMajority(
        ServicePort service, int voters, ImmutableArray<PeerPlace> missing, string rescueWaitsFor, bool mayRescue,
        bool hasReadyService) => new(
        "KDNS305",
        "No majority of the silos that vote on the membership table answers.",
        [
            .. missing.Take(Shown).Select(peer => $"{peer} does not answer"),
            .. More(missing.Length),
            $"{missing.Length} of {voters} voters are missing",
            !mayRescue ? "QuorumLoss is Wait: nothing is done until they come back"
                : rescueWaitsFor.Length > 0 ? $"the rescue waits for {rescueWaitsFor}" : "the rescue is under way",
            .. hasReadyService ? ImmutableArray<string>.Empty
                : ["there is no ready service (KDNS310): without it a silent silo ends only with its pod"],
        ],
        [
            "their nodes are lost, or a partition cuts this silo off",
            "their pods were deleted or crashed together",
        ],
        [
            $"kubectl -n {service.Service.Namespace} get pods -o wide",
            "",
            "Silos that are up go on serving; only the membership stands still. It ends by itself when they answer, or",
            "restart, or Kubernetes holds them for not ready. If you know that a pod is gone for good, say so:",
            .. missing.IsEmpty ? ImmutableArray<string>.Empty : [DeletePod(service, missing[0])],
        ]);

    /// <summary>KDNS315: a peer speaks another version of the protocol.</summary>
    public static KdnsError OtherVersion(ServicePort service, ImmutableArray<PeerPlace> peers) => new(
        "KDNS315",
        "A silo speaks a protocol version that this one does not.",
        [.. peers.Take(Shown).Select(peer => $"{peer} speaks another version"), .. More(peers.Length)],
        [
            "an update is rolling out whose release notes ask for another way",
            "two applications with different versions of this package share the service",
        ],
        [
            FindPod(peers[0]),
            $"kubectl -n {service.Service.Namespace} get pods -o custom-columns=NAME:.metadata.name,"
                + "IMAGE:.spec.containers[0].image",
            "",
            "Let the rollout finish, or run one version of Orleans.Clustering.KubeDns in all of them.",
        ]);

    public static string DeletePod(ServicePort service, PeerPlace place) =>
        $"kubectl -n {service.Service.Namespace} delete pod {PodOf(place)} --force --grace-period=0";

    private static string PodOf(PeerPlace place) => place.Name.Length > 0 ? place.Name.Split('.')[0] : "<pod>";

    // Of all namespaces, since the other pod may be anybody's.
    private static string FindPod(PeerPlace place) => $"kubectl get pods -A -o wide | grep -F {place.Address.Address}";

    private static ImmutableArray<string> More(int count) => count > Shown ? [$"and {count - Shown} more"] : [];
}
