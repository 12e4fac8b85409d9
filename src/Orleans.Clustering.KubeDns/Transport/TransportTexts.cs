namespace Orleans.Clustering.KubeDns.Transport;

/// <summary>The coded error texts of this room (operations § 6): what was seen, why it may be, what to do.</summary>
internal static class TransportTexts
{
    /// <summary>KDNS313, for whichever side sees that the secrets differ.</summary>
    public static string AuthenticationFailed(string peer) =>
        $"KDNS313: {peer} and this silo do not share a secret: message authentication failed. Usual causes: the " +
        "files named by SecretFile differ, one silo has a SecretFile and the other none, or a rotation dropped the " +
        "old secret too early. To rotate: write the new secret to SecretFile and the old one to PreviousSecretFile " +
        "on every silo (files are re-read within a second; Kubernetes takes up to two minutes to update a mounted " +
        "Secret), and empty PreviousSecretFile only once every silo has both. To compare without showing a secret: " +
        "kubectl exec <pod> -- sha256sum <SecretFile>";

    /// <summary>KDNS315.</summary>
    public static string WrongVersion(string peer, int? theirs) =>
        $"KDNS315: {peer} speaks membership protocol version {theirs?.ToString() ?? "(unknown)"}, this silo speaks " +
        $"version {WireCodec.Version}. Silos of one cluster must run packages with the same protocol version: finish " +
        "the rollout, or roll one side back (kubectl rollout status / kubectl rollout undo). Nothing was lost.";

    public static string CannotListen(string address, int port, string reason) =>
        $"Cannot listen for other silos on {address}, port {port}: {reason}. If another process holds the port " +
        "(ss -ltnp), stop it or set DiscoveryPort (and the port of the headless service) to a free one; if the " +
        "address is not this machine's, set AdvertisedIPAddress to the pod's IP; ports below 1024 need the right to " +
        "bind them.";
}
