using System.Text.Json;
using System.Text.Json.Serialization;
using Orleans.Clustering.KubeDns.Node;
using Orleans.Runtime;

namespace Orleans.Clustering.KubeDns.Diagnostics;

/// <summary>What <c>/statusz</c> prints: the node's status in plain values, for people and scripts.</summary>
internal sealed record StatusReport(
    string Phase,
    string Silo,
    bool Stopping,
    string Health,
    IReadOnlyList<ReasonReport> Reasons,
    string WaitingFor,
    string Diagnosis,
    IReadOnlyList<string> Warnings,
    double LoopAgeSeconds,
    string Self,
    string SelfAddress,
    string SelfSilo,
    string SelfNonce,
    Guid Lineage,
    int Epoch,
    string EpochBy,
    long LogIndex,
    int TableVersion,
    bool IsLeader,
    bool IsVoter,
    bool HasMajority,
    IReadOnlyList<string> Voters,
    IReadOnlyList<PeerReport> Peers,
    IReadOnlyList<string> Listed)
{
    public static StatusReport Of(NodeStatus status, SiloStatus silo, bool stopping) => new(
        status.Phase.ToString(),
        silo.ToString(),
        stopping,
        StatusCheck.Of(status).Status.ToString(),
        [.. status.Findings.Select(found => new ReasonReport(found.Kind, found.Text, Seconds(found.Lasting)))],
        status.WaitingFor,
        status.Diagnosis,
        [.. status.Complaints, .. status.Standing],
        Seconds(status.LoopAge),
        status.Self.Fqdn,
        status.Self.Address.ToString(),
        status.Self.Silo.ToString(),
        status.Self.Nonce.ToString(),
        status.Lineage,
        status.Epoch,
        status.EpochBy,
        status.LogIndex,
        status.TableVersion,
        status.IsLeader,
        status.IsVoter,
        status.HasMajority,
        status.Voters,
        [.. status.Peers.Select(peer =>
            new PeerReport(peer.Address, peer.Name, peer.Contact, Seconds(peer.LastAnswer)))],
        status.Listed);

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, StatusJson.Default.StatusReport);

    private static double Seconds(TimeSpan span) => Math.Round(span.TotalSeconds, 3);
}

/// <summary>One peer, as <c>/statusz</c> prints it.</summary>
internal sealed record PeerReport(string Address, string Name, string Contact, double LastAnswerSeconds);

/// <summary>One reason why the status is degraded, as <c>/statusz</c> prints it.</summary>
internal sealed record ReasonReport(string Kind, string Text, double Seconds);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(StatusReport))]
internal sealed partial class StatusJson : JsonSerializerContext;
