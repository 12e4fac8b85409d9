using System.Net;

namespace Orleans.Clustering.KubeDns.Membership;

/// <summary>Where a client's gateways come from.</summary>
internal interface IGatewaySource
{
    /// <summary>
    /// The gateways as last heard of. A failed look-up answers with the last good list, not with an empty one.
    /// </summary>
    Task<GatewayAnswer> LookUpAsync(CancellationToken cancellationToken);
}

/// <summary>
/// What is known of the gateways. <c>Answered</c> is false until a look-up first succeeded: then <c>Gateways</c> is
/// empty without meaning that there are none, and <c>Diagnosis</c> says why. An empty list that was answered means just
/// that.
/// </summary>
internal sealed record GatewayAnswer(bool Answered, IReadOnlyList<IPEndPoint> Gateways, string Diagnosis)
{
    public static GatewayAnswer Of(IReadOnlyList<IPEndPoint> gateways) => new(true, gateways, "");

    public static GatewayAnswer None(string diagnosis) => new(false, [], diagnosis);
}
