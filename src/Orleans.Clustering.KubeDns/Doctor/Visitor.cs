using System.Security.Cryptography;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Discovery;
using Orleans.Clustering.KubeDns.Table;
using Orleans.Clustering.KubeDns.Transport;

namespace Orleans.Clustering.KubeDns.Doctor;

/// <summary>What became of one greeting.</summary>
internal sealed record Visit(Peer Peer, PeerReply Reply, TimeSpan Took);

/// <summary>
/// Speaks to silos as silos do, over the same wire with the same secrets, and leaves no trace in them. A real greeting
/// would: it invites, so a founder would wait for an answer from here. So the question is a read round's, addressed to
/// an incarnation that never was; whoever listens answers <see cref="Superseded"/> (or <see cref="Foreign"/>) with its
/// own name, lineage and epoch, before it looks at sender or content (protocol § 2).
/// </summary>
internal sealed class Visitor(DoctorSettings settings, SecretFiles secrets) : IAsyncDisposable
{
    private readonly PeerClient _client = new(new TransportOptions(), secrets, new TransportCounts());

    private readonly MemberId _self = new(
        "doctor", new PeerAddress($"{settings.Identity.Address}", settings.Identity.Port), settings.Silo, Draw());

    public async Task<Visit> VisitAsync(Peer peer, CancellationToken cancellationToken)
    {
        var question = new Envelope(settings.Cluster, _self, Draw(), Guid.Empty, default, new Probe(0));
        var to = new PeerAddress($"{peer.Address}", peer.Port);
        var started = TimeProvider.System.GetTimestamp();
        var reply = await _client.SendAsync(to, question, settings.PeerTimeout, cancellationToken)
            .ConfigureAwait(false);
        return new Visit(peer, reply, TimeProvider.System.GetElapsedTime(started));
    }

    public ValueTask DisposeAsync() => _client.DisposeAsync();

    private static Nonce Draw() => new(BitConverter.ToUInt128(RandomNumberGenerator.GetBytes(16)));
}
