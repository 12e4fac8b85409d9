using System.Collections.Immutable;
using System.Net;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Discovery;
using Orleans.Clustering.KubeDns.Transport;

namespace Orleans.Clustering.KubeDns.Doctor;

/// <summary>Greets every listed silo and sorts what became of it into the diagnoses that silos give.</summary>
internal sealed class PeerExamination(DoctorSettings settings, ServicePort port, Identity self, Checklist list)
{
    private const int AtOnce = 64;
    private const int Shown = 10;
    private const string Subject = "peers";

    /// <summary>Tells what was found; returns whether somebody has a cluster.</summary>
    public async Task<bool> RunAsync(
        Visitor visitor, ImmutableArray<Peer> listed, CancellationToken cancellationToken)
    {
        var visits = await VisitAllAsync(visitor, listed, cancellationToken).ConfigureAwait(false);
        if (visits.Length < listed.Length)
            list.Skip(Subject, $"there was no time for {listed.Length - visits.Length} of {listed.Length}");
        var own = visits.FirstOrDefault(visit => visit.Peer.EndPoint.Equals(new IPEndPoint(self.Address, self.Port)));
        if (own?.Reply.Outcome is Delivery.Refused)
        {
            list.Skip("own port", $"nobody listens at {own.Peer.EndPoint}: the silo of this pod is not running");
            visits = [.. visits.Where(visit => visit != own)];
        }

        TellFailures(visits);
        TellMisnamed(visits);
        var answers = visits.Where(IsOurs).ToImmutableArray();
        TellAnswers(answers, visits.Length);
        return answers.Any(visit => visit.Reply.Envelope!.Lineage != Guid.Empty);
    }

    private async Task<ImmutableArray<Visit>> VisitAllAsync(
        Visitor visitor, ImmutableArray<Peer> listed, CancellationToken cancellationToken)
    {
        var visits = new Visit?[listed.Length];
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(settings.AllPeersTimeout);
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = limit.Token };
        try
        {
            await Parallel.ForAsync(0, listed.Length, parallel, async (i, stop) =>
                visits[i] = await visitor.VisitAsync(listed[i], stop).ConfigureAwait(false)).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Out of time; what there is counts.
        }

        return [.. visits.OfType<Visit>()];
    }

    private void TellFailures(ImmutableArray<Visit> visits)
    {
        var silent = Where(visits, visit => visit.Reply.Outcome is Delivery.Refused or Delivery.TimedOut
            or Delivery.Reset or Delivery.NoReply);
        if (!silent.IsEmpty)
        {
            list.Diagnose(Subject, PeerErrors.Silent(port, [.. silent.Select(visit =>
                new SilentPeer(Place(visit), visit.Reply.Outcome == Delivery.Refused, visit.Took))]));
        }

        var foreign = Where(visits, visit => IsReply(visit) && !IsOurs(visit));
        if (!foreign.IsEmpty)
        {
            list.Diagnose(Subject, PeerErrors.Foreign(port, Name(settings.Cluster),
                [.. foreign.Select(visit => (Place(visit), Name(visit.Reply.Envelope!.Key)))]));
        }

        var secret = Where(visits, visit => visit.Reply.Outcome == Delivery.Unauthenticated);
        if (!secret.IsEmpty)
            list.Diagnose(Subject, PeerErrors.SecretsDiffer(port, settings.SecretFile is not null, Places(secret)));
        var version = Where(visits, visit => visit.Reply.Outcome == Delivery.WrongVersion);
        if (!version.IsEmpty) list.Diagnose(Subject, PeerErrors.OtherVersion(port, Places(version)));
        var strange = Where(visits, visit => visit.Reply.Outcome is Delivery.Malformed or Delivery.Overloaded);
        if (!strange.IsEmpty)
        {
            list.Wrong(Subject, "what answers there does not speak the silos' protocol, or is overloaded",
                strange.Take(Shown).Select(visit => $"{Place(visit)}: {visit.Reply.Detail}"));
        }
    }

    // A peer judges by its own name alone, as we do by ours; here both sides of the mismatch show.
    private void TellMisnamed(ImmutableArray<Visit> visits)
    {
        var misnamed = visits.Where(visit => IsOurs(visit)
            && visit.Peer.EndPoint.Equals(EndPoint(visit)) && !From(visit).MayBeListedAs(visit.Peer.Fqdn)).ToList();
        if (misnamed.Count == 0) return;
        list.Wrong(Subject, $"{misnamed.Count} answer under another name than DNS lists (KDNS303b in their pods)",
            misnamed.Take(Shown).Select(visit => $"{Place(visit)} calls itself {From(visit).Fqdn}"));
    }

    private void TellAnswers(ImmutableArray<Visit> answers, int asked)
    {
        if (answers.IsEmpty)
        {
            list.Skip(Subject, asked == 0 ? "nobody else is listed" : "no silo of this cluster answered");
            return;
        }

        var lineages = answers.Select(visit => visit.Reply.Envelope!.Lineage).Where(lineage => lineage != Guid.Empty)
            .Distinct().Count();
        var lines = answers.Take(Shown).Select(Line)
            .Concat(answers.Length > Shown ? [$"and {answers.Length - Shown} more"] : []);
        if (lineages > 1) list.Warn(Subject, $"{answers.Length} answer, of {lineages} lineages: one gives way", lines);
        else list.Right(Subject, $"{answers.Length} of {asked} answer", lines);
    }

    private static string Line(Visit visit) => visit.Reply.Envelope is { } reply && reply.Lineage != Guid.Empty
        ? $"{Place(visit)}: lineage {reply.Lineage}, epoch {reply.Epoch.Number}"
        : $"{Place(visit)}: no cluster yet";

    private bool IsOurs(Visit visit) => IsReply(visit) && visit.Reply.Envelope!.Key == settings.Cluster;

    private static bool IsReply(Visit visit) => visit.Reply is { Outcome: Delivery.Replied, Envelope: not null };

    private static Table.MemberId From(Visit visit) => visit.Reply.Envelope!.From;

    private static IPEndPoint? EndPoint(Visit visit) =>
        IPAddress.TryParse(From(visit).Address.Host, out var address) ? new(address, From(visit).Address.Port) : null;

    private static ImmutableArray<Visit> Where(ImmutableArray<Visit> visits, Func<Visit, bool> holds) =>
        [.. visits.Where(holds)];

    private static ImmutableArray<PeerPlace> Places(ImmutableArray<Visit> visits) => [.. visits.Select(Place)];

    private static PeerPlace Place(Visit visit) => new(visit.Peer.Fqdn, visit.Peer.EndPoint);

    private static ClusterName Name(ClusterKey key) => new(key.ServiceId, key.ClusterId);
}
